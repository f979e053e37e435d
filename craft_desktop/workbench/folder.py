"""Reads what a project's folder says of itself: its package.json, the lock files, and the monorepo around it."""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model import turbo
from craft_desktop.model.changes import Need, need_of
from craft_desktop.model.errors import Action, ChoiceError, ProjectError
from craft_desktop.model.node_wish import VERSION_FILES
from craft_desktop.model.project import DEPENDENCY_FILES, LOCK_FILES, Recipe, parse_manifest, read_recipe, runner
from craft_desktop.sandbox.warm import Needs, read_needs
from craft_desktop.workbench.workspaces import (
    MANIFEST,
    MANIFEST_LIMIT_BYTES,
    Workspace,
    is_app_itself,
    workspace_at,
    workspace_of,
)

# Of a lock file, what is read for its version: yarn's and pnpm's say it within the first lines.
LOCK_START_BYTES = 1000
# The parts of package.json that decide what an install puts where.
_DEPENDENCY_KEYS = (
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "dependenciesMeta",
    "peerDependenciesMeta",
    "overrides",
    "resolutions",
    "pnpm",
    "packageManager",
    "workspaces",
    "engines",
)
_INSTALL_SCRIPTS = ("preinstall", "install", "postinstall", "prepare")


@dataclass(frozen=True, slots=True)
class Folder:
    """What was read. `dependency_key` changes when an install could give another result, and not by other edits.

    `path` is the project's own folder; `root` is what is sent: the monorepo's top, or the same folder.
    """

    path: Path
    recipe: Recipe
    dependency_key: str
    root: Path

    def need(self, fresh: "Folder", changed: Collection[str]) -> Need:
        """Give what must be done for the changed files (relpaths below `root`); `fresh` was read after the change."""
        if fresh.dependency_key != self.dependency_key:
            return Need.REINSTALL
        # Which Node.js serves is chosen with the sandbox: another is had from the next start on.
        same = dataclasses.replace(
            fresh.recipe, name=self.recipe.name, node_range=self.recipe.node_range, node_source=self.recipe.node_source
        )
        if same != self.recipe:
            return Need.RESTART
        return need_of(fresh.recipe, changed)


def find_project(path: Path) -> Path:
    """Give the project's folder for what was dropped or typed: a folder, or its package.json.

    :raises ProjectError: neither.
    """
    try:
        found = path.expanduser().resolve(strict=True)
        folder = found.parent if found.name == MANIFEST and found.is_file() else found
        is_folder = folder.is_dir()
    except FileNotFoundError as error:
        raise ProjectError(
            "The folder is not there", str(path), "Check the path, or drop the folder on the window."
        ) from error
    except (OSError, RuntimeError, ValueError) as error:  # ValueError: a NUL in the path
        raise _unreadable(path, error) from error
    if not is_folder:
        raise ProjectError(
            "That is not a project folder", str(path), "Drop the folder that holds package.json.", Action.NONE
        )
    return folder


def choose_app(folder: Path) -> Path:
    """Give the app to show for a folder that was added: itself, or the only app of the monorepo whose top it is.

    :raises ChoiceError: the monorepo holds several; the person chooses one of their folders.
    """
    workspace = workspace_at(folder)
    if workspace is None or is_app_itself(workspace):
        return folder
    apps = workspace.apps()
    if len(apps) < 2:
        return apps[0].path if apps else folder
    names = "\n".join(f"{app.relpath} ({app.framework.value})" for app in apps)
    named = Counter(app.name for app in apps)
    raise ChoiceError(
        f"“{folder.name}” holds several apps",
        names,
        "Choose the one to show; the others can be added as projects of their own.",
        Action.NONE,
        tuple((app.name if named[app.name] == 1 else app.relpath, app.path) for app in apps),
    )


def read_folder(path: Path) -> Folder:
    """Read the recipe of the project in the folder `path`.

    :raises ProjectError: the folder is gone or unreadable; no package.json, or one that cannot be run.
    """
    manifest_path = path / MANIFEST
    try:
        names = _names_of(path)
        if MANIFEST not in names:
            raise ProjectError(
                "There is no package.json in the folder",
                str(path),
                "Choose the folder that holds your web project's package.json.",
                Action.OPEN_FOLDER,
            )
        if manifest_path.stat().st_size > MANIFEST_LIMIT_BYTES:
            raise ProjectError(
                "package.json is too large",
                f"It has {manifest_path.stat().st_size} bytes; {MANIFEST_LIMIT_BYTES} is the limit.",
                "Check that it is the right file.",
                Action.OPEN_FOLDER,
            )
        manifest = manifest_path.read_text(encoding="utf-8-sig")
        found = workspace_of(path) or ((own, "") if (own := workspace_at(path)) is not None else None)
        root = found[0].root if found else path
        above = _names_of(root) if root != path else names
        locks = [(name, _digest_file(root / name)) for name in sorted(DEPENDENCY_FILES & above - {MANIFEST})]
        at = {name: next((f for f in (path, root) if (f / name).is_file()), None) for name in VERSION_FILES}
        version_files = {name: _start_of(folder / name) for name, folder in at.items() if folder is not None}
        lock_text = next((_start_of(root / name) for name in LOCK_FILES if name in above), "")
    except UnicodeDecodeError as error:
        raise ProjectError(
            "package.json is not valid UTF-8 text",
            f"Byte {error.start} cannot be read.",
            "Save it as UTF-8 and start again.",
            Action.OPEN_FOLDER,
        ) from error
    except FileNotFoundError as error:
        raise ProjectError(
            "The folder is gone",
            f"{path} was there when the project was added.",
            "Put it back, or remove the project from the list.",
            Action.REMOVE_PROJECT,
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    recipe = read_recipe(manifest, above, lock_text, found[0].manifest if found else None, version_files)
    manifests = [("", parse_manifest(manifest))]
    if found:
        before = _before_dev(root, path, found[0].manifest, manifests[0][1], recipe)
        recipe = dataclasses.replace(recipe, app_dir=found[1], before_dev=before)
        manifests += _manifests_of(found[0])
    return Folder(path, recipe, _dependency_key(manifests, locks), root)


def _before_dev(root: Path, path: Path, top: dict[str, object], manifest: dict[str, object], recipe: Recipe) -> str:
    """Give what Turborepo would run before the app's dev script; its own turbo.json goes before the top's."""
    name = manifest.get("name")
    if not isinstance(name, str) or not turbo.is_among(top):
        return ""
    for folder in (path, root):
        for file in turbo.FILES:
            text = _text_of(folder / file)
            tasks = turbo.tasks_before(turbo.parse(text), name, recipe.script_name) if text else ()
            if tasks:
                manager, version = recipe.package_manager, recipe.package_manager_version
                return turbo.build_command(name, tasks, manager, runner(manager, version))
    return ""


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig") if path.is_file() and path.stat().st_size <= MANIFEST_LIMIT_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""  # turbo itself would not read it either


def read_needs_of(path: Path) -> Needs:
    """Read what an image for all would be installed by, for the project in the folder `path`.

    One in a monorepo can have none, and a folder that cannot be read asks nothing.

    :raises ProjectError: package.json is not JSON.
    """
    if workspace_of(path):
        return Needs()
    try:
        names = [entry.name for entry in path.iterdir()]
        manifest = (path / MANIFEST).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return Needs()  # `read_folder` tells it
    return read_needs(parse_manifest(manifest), names)


def _names_of(folder: Path) -> set[str]:
    names = {entry.name for entry in folder.iterdir()}
    # A broken link, a pipe or a folder of that name is no manifest and no lock file.
    return names - {name for name in DEPENDENCY_FILES & names if not (folder / name).is_file()}


def _manifests_of(workspace: Workspace) -> list[tuple[str, dict[str, object]]]:
    # One that cannot be read fails the install by itself, in the words of the package manager.
    found: list[tuple[str, dict[str, object]]] = [("/", workspace.manifest)]
    for relpath in workspace.members():
        data, text = _member_at(workspace.root / relpath / MANIFEST)
        found.append((relpath, {"unreadable": _digest(text)} if data is None else data))
    return found


def _member_at(path: Path) -> tuple[dict[str, object] | None, bytes]:
    """Read a package's manifest, and its bytes; None where it is no manifest, or went since it was found."""
    try:
        if path.stat().st_size > MANIFEST_LIMIT_BYTES:
            return None, str(path.stat().st_size).encode()
        text = path.read_bytes()
    except OSError as error:  # a branch switch takes it away, or nobody may read it
        return None, str(error.errno).encode()
    try:
        return parse_manifest(text.decode("utf-8-sig")), text
    except (ProjectError, UnicodeDecodeError):
        return None, text


def _dependency_key(manifests: Iterable[tuple[str, dict[str, object]]], locks: Iterable[tuple[str, str]]) -> str:
    relevant = [(relpath, _install_parts(data, named=bool(relpath))) for relpath, data in manifests]
    return _digest(json.dumps([relevant, list(locks)], sort_keys=True).encode())


def _install_parts(data: dict[str, object], *, named: bool) -> dict[str, object]:
    """Give what of a manifest decides an install; in a monorepo its name and version too, for others link to it."""
    keys = (*_DEPENDENCY_KEYS, "name", "version", "unreadable") if named else _DEPENDENCY_KEYS
    relevant = {key: data[key] for key in keys if key in data}
    scripts = data.get("scripts")
    if isinstance(scripts, dict):
        relevant["scripts"] = {name: scripts[name] for name in _INSTALL_SCRIPTS if name in scripts}
    return relevant


def _start_of(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(LOCK_START_BYTES).decode(errors="replace")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(path: Path, error: OSError | RuntimeError | ValueError) -> ProjectError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, OSError) and isinstance(error.filename, str | Path):
        path = Path(error.filename)  # the folder can be read, and one file in it cannot
    return ProjectError(
        "The folder cannot be read",
        f"{path}: {reason}",
        "Give yourself the right to read it, then try again.",
        Action.OPEN_FOLDER,
    )
