"""Finds a monorepo on the disk: the top above an app's folder, and the apps below a top.

A project is an app's own folder. What is sent and where the install runs is the monorepo's top, when there is one
above that names the folder among its packages.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.project import dev_script, packages_of, parse_manifest
from craft_desktop.model.script import Framework, framework_of
from craft_desktop.model.workspaces import PNPM_FILE, deepest, is_member, pnpm_globs, workspace_globs

MANIFEST = "package.json"
# npm's own limit is far lower in practice; a larger one is not a manifest.
MANIFEST_LIMIT_BYTES = 5 * 1024 * 1024
# How far above an app its monorepo's top is looked for, and how far below a top its apps: `a/b/c/app` is rare.
LEVELS = 5
# More folders than this are not looked into: a `**` in a large repository.
FOLDERS_LIMIT = 20_000
_NEVER_APPS = frozenset({"node_modules", ".git", ".next", "dist", "build", ".turbo"})


@dataclass(frozen=True, slots=True)
class App:
    """A folder of a monorepo that can be shown: its path below the top, and what its manifest says."""

    path: Path
    relpath: str
    name: str
    framework: Framework


@dataclass(frozen=True, slots=True)
class Workspace:
    """A monorepo: its top and the manifests of its packages by relpath (the top's own is not among them)."""

    root: Path
    manifest: dict[str, Any]
    globs: tuple[str, ...]

    def members(self) -> Iterator[str]:
        """Give the relpaths of its packages, in order."""
        limit = min(deepest(self.globs) or LEVELS, LEVELS)
        for relpath in _folders(self.root, limit):
            if is_member(relpath, self.globs) and _is_file(self.root / relpath / MANIFEST):
                yield relpath

    def apps(self) -> tuple[App, ...]:
        """Give its packages that a known framework serves, or else those with a `dev` script that looks like a server.

        A package whose manifest cannot be read is no app.
        """
        found = []
        for relpath in self.members():
            data = _manifest_at(self.root / relpath)
            script = dev_script(data) if data is not None else None
            if data is None or script is None:
                continue
            framework = framework_of(packages_of(data), script[1], data["scripts"])
            if framework is not Framework.OTHER or _looks_like_a_server(data, script[1]):
                name = data.get("name")
                found.append(
                    App(self.root / relpath, relpath, name if isinstance(name, str) and name else relpath, framework)
                )
        return tuple(found)


def workspace_at(folder: Path) -> Workspace | None:
    """Give the monorepo whose top `folder` is, or None."""
    data = _manifest_at(folder)
    globs = workspace_globs(data) if data is not None else ()
    # Without such a file, or with one that pnpm could not read either, the manifest's patterns are all.
    with contextlib.suppress(OSError, UnicodeDecodeError):
        globs += pnpm_globs(_text_of(folder / PNPM_FILE))
    return Workspace(folder, data or {}, globs) if globs else None


def workspace_of(folder: Path) -> tuple[Workspace, str] | None:
    """Give the monorepo that names `folder` among its packages, and the folder's relpath in it.

    The look upward ends at a repository's top and at the person's home.
    """
    home = Path.home()
    below = folder
    for top in list(folder.parents)[:LEVELS]:
        if (below / ".git").exists() or below == home:
            return None
        workspace = workspace_at(top)
        relpath = folder.relative_to(top).as_posix()
        if workspace is not None and is_member(relpath, workspace.globs):
            return workspace, relpath
        below = top
    return None


def is_app_itself(workspace: Workspace) -> bool:
    """Is the top of this monorepo an app of its own, beside its packages?"""
    script = dev_script(workspace.manifest)
    return script is not None and _own_framework(workspace.manifest, script[1]) is not Framework.OTHER


def _own_framework(data: dict[str, Any], script: str) -> Framework:
    return framework_of(packages_of(data), script, data["scripts"])


def _looks_like_a_server(data: dict[str, Any], script: str) -> bool:
    """A package that only compiles itself (`tsc -w`, `tsup --watch`) has a `dev` script as well, and no page."""
    servers = {"express", "fastify", "koa", "hono", "@hapi/hapi", "react-scripts", "@angular/cli", "gatsby", "webpack"}
    words = set(script.split())
    return bool(packages_of(data) & servers) or bool(words & {"server.js", "server.ts", "serve"})


def _folders(root: Path, levels: int) -> Iterator[str]:
    pending = [("", 0)]
    seen = 0
    while pending:
        at, depth = pending.pop(0)
        try:
            with os.scandir(root / at) as entries:
                names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue  # a folder that may not be read holds nothing that could be sent
        for name in names:
            if name in _NEVER_APPS or name.startswith("."):
                continue
            seen += 1
            if seen > FOLDERS_LIMIT:
                return
            relpath = f"{at}/{name}" if at else name
            yield relpath
            if depth + 1 < levels:
                pending.append((relpath, depth + 1))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # in a folder that may not be looked into; nothing of that is sent


def _manifest_at(folder: Path) -> dict[str, Any] | None:
    try:
        return parse_manifest(_text_of(folder / MANIFEST))
    except (OSError, UnicodeDecodeError, ProjectError):
        return None


def _text_of(path: Path) -> str:
    """Read a file of a folder that nobody chose: a pipe would be waited for, and a device read, without end.

    :raises OSError: it is none, too large or unreadable.
    """
    if not path.is_file() or path.stat().st_size > MANIFEST_LIMIT_BYTES:
        raise OSError(f"no file of {MANIFEST_LIMIT_BYTES} bytes at most: {path}")
    return path.read_text(encoding="utf-8-sig")
