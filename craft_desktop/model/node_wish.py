"""Which Node.js a project asks for, and which of those on this computer it gets.

Asked for, the first that says something: `.nvmrc` (nvm, fnm), `.node-version` (fnm, n, nodenv, asdf), `.tool-versions`
(asdf, mise), the `volta` key of package.json, its `engines.node`. The files name what the person works with, `engines`
only what it may run on. A project names a version and never a path, so it can choose among what is installed alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from craft_desktop.model.node_range import Version, fits

VERSION_FILES = (".nvmrc", ".node-version", ".tool-versions")
# The names that nvm knows long-supported releases by (Node.js's release schedule).
_LTS = {
    "argon": 4,
    "boron": 6,
    "carbon": 8,
    "dubnium": 10,
    "erbium": 12,
    "fermium": 14,
    "gallium": 16,
    "hydrogen": 18,
    "iron": 20,
    "jod": 22,
    "krypton": 24,
}
# Every even release became one that is supported for long; "lts/*" is the newest of them.
_ANY_LTS = " || ".join(str(major) for major in range(4, 100, 2))
# What nvm, fnm and asdf call whatever there is, or the newest.
_ANY = frozenset({"node", "stable", "latest", "current", "system", "default"})


@dataclass(frozen=True, slots=True)
class NodeWish:
    """A range as npm writes it, and what says so; both empty where nothing does."""

    range: str = ""
    source: str = ""


def read_wish(texts: Mapping[str, str], *manifests: Mapping[str, Any]) -> NodeWish:
    """Read it.

    :param texts: the files of `VERSION_FILES` that are there, by name.
    :param manifests: package.json, then the one at a monorepo's top.
    """
    for name in VERSION_FILES:
        wanted = _range_in(name, texts.get(name, ""))
        if wanted:
            return NodeWish(wanted, name)
    for key in ("volta", "engines"):
        for manifest in manifests:
            section = manifest.get(key)
            found = section.get("node") if isinstance(section, dict) else None
            if isinstance(found, str) and found.strip():
                return NodeWish(found.strip(), f"“{key}” in package.json")
    return NodeWish()


def choose(wanted: str, usual: str, installed: Mapping[str, str]) -> str | None:
    """Give the version to run with among `installed`; None for the usual one, also where none fits.

    :param wanted: a range; empty for anything.
    :param usual: the version that a sandbox has anyway; empty for none.
    :param installed: the versions that version managers keep, each with the manager's name.
    """
    if usual and (not wanted or fits(wanted, usual)):
        return None
    fitting = [version for version in installed if not wanted or fits(wanted, version)]
    # Of what fits, a release that is supported for long goes before one that is not, as version managers have it.
    return max(fitting, key=lambda version: (_parts(version)[0] % 2 == 0, _parts(version)), default=None)


def _range_in(name: str, text: str) -> str:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if name == ".tool-versions":
            words = words[1:] if words and words[0] in ("nodejs", "node") else []
        if words:
            return _as_range(words[0])
    return ""


def _as_range(word: str) -> str:
    word = word.lower()
    if word in _ANY:
        return ""
    if word.startswith("lts"):
        named = _LTS.get(word.removeprefix("lts/").removeprefix("lts-"))
        return str(named) if named else _ANY_LTS
    return word


def _parts(version: str) -> Version:
    found = re.findall(r"\d+", version)
    return int(found[0]), int(found[1]), int(found[2])
