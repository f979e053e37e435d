"""Reads what a project's folder says of itself: its package.json and the lock files beside it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.errors import Action, ProjectError
from craft_desktop.model.project import DEPENDENCY_FILES, Recipe, parse_manifest, read_recipe
from craft_desktop.sandbox.warm import Needs, read_needs

MANIFEST = "package.json"
# npm's own limit is far lower in practice; a larger one is not a manifest.
MANIFEST_LIMIT_BYTES = 5 * 1024 * 1024
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
    """What was read. `dependency_key` changes when an install could give another result, and not by other edits."""

    path: Path
    recipe: Recipe
    dependency_key: str


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


def read_folder(path: Path) -> Folder:
    """Read the recipe of the project in the folder `path`.

    :raises ProjectError: the folder is gone or unreadable; no package.json, or one that cannot be run.
    """
    manifest_path = path / MANIFEST
    try:
        names = {entry.name for entry in path.iterdir()}
        # A broken link, a pipe or a folder of that name is no manifest and no lock file.
        names -= {name for name in DEPENDENCY_FILES & names if not (path / name).is_file()}
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
        locks = {name: _digest_file(path / name) for name in sorted(DEPENDENCY_FILES & names - {MANIFEST})}
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
    recipe = read_recipe(manifest, names)
    return Folder(path, recipe, _dependency_key(manifest, locks.items()))


def read_needs_of(path: Path) -> Needs:
    """Read what the project in the folder `path` asks of its sandbox; a folder that cannot be read asks nothing.

    :raises ProjectError: package.json is not JSON.
    """
    try:
        names = [entry.name for entry in path.iterdir()]
        manifest = (path / MANIFEST).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return Needs("")  # `read_folder` tells it
    return read_needs(parse_manifest(manifest), names)


def _dependency_key(manifest: str, locks: Iterable[tuple[str, str]]) -> str:
    data = parse_manifest(manifest)
    relevant = {key: data[key] for key in _DEPENDENCY_KEYS if key in data}
    scripts = data.get("scripts")
    if isinstance(scripts, dict):
        relevant["scripts"] = {name: scripts[name] for name in _INSTALL_SCRIPTS if name in scripts}
    return _digest(json.dumps([relevant, list(locks)], sort_keys=True).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(path: Path, error: OSError | RuntimeError | ValueError) -> ProjectError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ProjectError(
        "The folder cannot be read",
        f"{path}: {reason}",
        "Give yourself the right to read it, then try again.",
        Action.OPEN_FOLDER,
    )
