"""Which folders of a monorepo are its packages: the `workspaces` of npm, yarn and bun, and pnpm-workspace.yaml."""

import re
from collections.abc import Collection, Mapping
from typing import Any

PNPM_FILE = "pnpm-workspace.yaml"
_ITEM = re.compile(r"""\s*-\s*(?:"([^"]*)"|'([^']*)'|([^\s#]+))\s*(?:#.*)?""")


def workspace_globs(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the patterns of a root manifest's `workspaces`: a list, or (yarn 1) an object that holds one."""
    declared = data.get("workspaces")
    if isinstance(declared, dict):
        declared = declared.get("packages")
    return tuple(item for item in declared if isinstance(item, str)) if isinstance(declared, list) else ()


def pnpm_globs(text: str) -> tuple[str, ...]:
    """Give the patterns of a pnpm-workspace.yaml: the items below `packages:`, in either of YAML's ways."""
    lines = iter(text.splitlines())
    for line in lines:
        found = re.fullmatch(r"packages\s*:\s*(\[.*\])?\s*(?:#.*)?", line)
        if found is None:
            continue
        if found[1]:
            return tuple(item.strip().strip("\"'") for item in found[1][1:-1].split(",") if item.strip())
        items: list[str] = []
        for below in lines:
            item = _ITEM.fullmatch(below)
            if item:
                items.append(next(part for part in item.groups() if part is not None))
            elif below.strip() and not below.lstrip().startswith("#"):
                break
        return tuple(items)
    return ()


def is_member(relpath: str, globs: Collection[str]) -> bool:
    """Do the patterns name the folder `relpath`? A `!` takes away again, whatever stands before it."""
    named = [glob for glob in globs if _matches(relpath, glob.removeprefix("!"))]
    return bool(named) and not any(glob.startswith("!") for glob in named)


def deepest(globs: Collection[str]) -> int | None:
    """Give how many folders deep members can lie; None where `**` sets no limit."""
    kept = [_clean(glob) for glob in globs if not glob.startswith("!")]
    return None if any("**" in glob for glob in kept) else max((glob.count("/") + 1 for glob in kept), default=0)


def _clean(glob: str) -> str:
    return glob.removeprefix("./").strip("/")


def _matches(relpath: str, glob: str) -> bool:
    return re.fullmatch(_pattern(_clean(glob)), relpath) is not None


def _pattern(glob: str) -> str:
    words = {"**/": "(?:[^/]+/)*", "/**": "(?:/[^/]+)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = []
    for part in re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?|\{[^{}]*\})", glob):
        if part.startswith("{"):
            parts.append("(?:" + "|".join(_pattern(choice) for choice in part[1:-1].split(",")) + ")")
        else:
            parts.append(words.get(part, re.escape(part)))
    return "".join(parts)
