"""Which folders of a monorepo are its packages: the `workspaces` of npm, yarn and bun, and pnpm-workspace.yaml."""

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

PNPM_FILE = "pnpm-workspace.yaml"
_ITEM = re.compile(r"""\s*-\s*(?:"([^"]*)"|'([^']*)'|([^\s#]+))\s*(?:#.*)?""")
_PACKAGES = re.compile(r"packages\s*+:\s*+(\[.*\])?\s*+(?:#.*)?")
# More than any repository has; each is held against every folder.
MOST_GLOBS = 500
# Longer than any path of a repository's packages; such a one names nothing.
LONGEST_GLOB = 200
# Of what a glob with several `{a,b}` stands for.
MOST_CHOICES = 20


def workspace_globs(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the patterns of a root manifest's `workspaces`: a list, or (yarn 1) an object that holds one."""
    declared = data.get("workspaces")
    if isinstance(declared, dict):
        declared = declared.get("packages")
    listed = declared[:MOST_GLOBS] if isinstance(declared, list) else []
    return tuple(item for item in listed if isinstance(item, str))


def pnpm_globs(text: str) -> tuple[str, ...]:
    """Give the patterns of a pnpm-workspace.yaml: the items below `packages:`, in either of YAML's ways."""
    lines = iter(text.splitlines())
    for line in lines:
        found = _PACKAGES.fullmatch(line)
        if found is None:
            continue
        if found[1]:
            named = found[1][1:-1].split(",", MOST_GLOBS)[:MOST_GLOBS]
            return tuple(item.strip().strip("\"'") for item in named if item.strip())
        items: list[str] = []
        for below in lines:
            item = _ITEM.fullmatch(below)
            if item:
                items.append(next(part for part in item.groups() if part is not None))
            elif below.strip() and not below.lstrip().startswith("#"):
                break
        return tuple(items[:MOST_GLOBS])
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
    parts = relpath.split("/")
    return len(glob) <= LONGEST_GLOB and any(
        _fits(parts, choice.split("/")) for choice in itertools.islice(_choices(_clean(glob)), MOST_CHOICES)
    )


def _choices(glob: str) -> Iterator[str]:
    """Give the globs that one with `{a,b}` stands for."""
    pieces = [part[1:-1].split(",") if part.startswith("{") else [part] for part in re.split(r"(\{[^{}]*\})", glob)]
    return ("".join(chosen) for chosen in itertools.product(*pieces))


def _fits(parts: Sequence[str], globs: Sequence[str]) -> bool:
    """Do the folders of a path fit those of a glob? `**` stands for any number of them."""
    if len(globs) - globs.count("**") > len(parts):
        return False
    # How many folders may be used up by now. A glob that a project nobody knows brings along must not be tried in more
    # ways than the path is long.
    used = {0}
    for glob in globs:
        if not used:
            return False
        if glob == "**":
            used = set(range(min(used), len(parts) + 1))
        else:
            used = {at + 1 for at in used if at < len(parts) and _fits_name(parts[at], glob)}
    return len(parts) in used


def _fits_name(name: str, glob: str) -> bool:
    """Does one name fit, `*` being any letters and `?` one? Behind a star, the first place where it fits will do."""
    at = star = rest = 0
    mark = -1
    while at < len(name):
        if star < len(glob) and glob[star] == "*":
            star, mark = star + 1, at
            rest = star
        elif star < len(glob) and glob[star] in ("?", name[at]):
            star, at = star + 1, at + 1
        elif mark >= 0:
            mark += 1
            star, at = rest, mark
        else:
            return False
    return not glob[star:].strip("*")
