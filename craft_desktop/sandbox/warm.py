"""What makes a later start warm: images, what may be in them, and who may start from them.

Two kinds of image, because the code in a sandbox is hostile to every other project:

- A project's own image is a snapshot of its sandbox after its first page: its files, its `.env*`, its `node_modules`
  and its framework's cache. Only that project starts from it. The snapshot is taken of the files alone, so no process
  and no value that was given to one is in it; on this computer it lies in a folder that its owner alone can read.
- An image for all is made in a sandbox of its own, into which only the dependency parts of package.json and the lock
  file go, and in which no code of a project ever runs: it holds `node_modules` and nothing else. A snapshot of a
  project's sandbox could not serve others, even emptied: its code may have changed any file in `node_modules`, and
  who shares the (public) lock file would run that.

A project that can influence its own install (scripts, patches, local packages, a registry's settings) neither makes
nor uses an image for all.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from craft_desktop.model.project import LOCK_FILES

# The parts of package.json that an image for all is installed by.
_SHARED_PARTS = (
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "overrides",
    "resolutions",
    "packageManager",
    "engines",
)
_OWN_PARTS = ("workspaces", "pnpm", "bundleDependencies", "bundledDependencies", "dependenciesMeta")
_INSTALL_SCRIPTS = (
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
)
# Beside package.json, each of these tells an install what to do.
_INSTALL_FILES = frozenset(
    {
        ".npmrc",
        ".yarnrc",
        ".yarnrc.yml",
        ".yarn",
        ".pnpmfile.cjs",
        ".pnpmfile.mjs",
        "pnpm-workspace.yaml",
        "bunfig.toml",
        "binding.gyp",
    }
)
# A version, a range or a tag of the registry; never a path, an address or a repository.
_FROM_REGISTRY = re.compile(r"(?:npm:(?:@[\w.-]+/)?[\w.-]+@)?[\w.^~<>=*| +-]*|\$[\w@/.-]+")


@dataclass(frozen=True, slots=True)
class Needs:
    """What an image for all would be installed by.

    :param shared_manifest: the package.json of an image for all; empty where the project can have none.
    :param lock_file: the name of the lock file that goes with it; None without one.
    """

    shared_manifest: str = ""
    lock_file: str | None = None


def read_needs(manifest: Mapping[str, Any], names: Collection[str]) -> Needs:
    """Read them.

    :param manifest: package.json.
    :param names: the names of the files beside it.
    """
    lock_files = [name for name in LOCK_FILES if name in names]
    scripts = manifest.get("scripts")
    own_scripts = isinstance(scripts, dict) and any(name in scripts for name in _INSTALL_SCRIPTS)
    shared = {part: manifest[part] for part in _SHARED_PARTS if part in manifest}
    specifications = {name: shared[name] for name in shared if name not in ("packageManager", "engines")}
    if (
        own_scripts
        or any(manifest.get(part) for part in _OWN_PARTS)
        or _INSTALL_FILES & set(names)
        or len(lock_files) > 1
        or not manifest.get("dependencies")
        or not _is_from_registry(specifications)
    ):
        return Needs()
    text = json.dumps({"name": "shared", "private": True, **shared}, sort_keys=True)
    return Needs(text, lock_files[0] if lock_files else None)


def _is_from_registry(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_from_registry(each) for each in value.values())
    return isinstance(value, bool) or (isinstance(value, str) and _FROM_REGISTRY.fullmatch(value) is not None)
