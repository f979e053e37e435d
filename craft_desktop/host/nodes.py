"""The versions of Node.js that version managers keep on this computer, and a machine that shows one of them.

A project says which version it wants, never where it lies: what may be shown to a sandbox is what stands in these
folders, and whoever asks names a version among them. Where each keeps its versions was read in its documentation:
nvm, fnm, volta, asdf, mise, n. They are listed anew each time, for a person installs one and starts again.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from craft_desktop.host.failures import NotFound
from craft_desktop.host.machine import Machine, Node
from craft_desktop.host.probe import find_npm, node_scripts, node_trees, npm_version

# A whole version: `22` and `lts` beside it are mise's links to one.
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder with a folder for each version.

    :param source: the version manager's name.
    :param below: where a version's own tree is below its folder.
    """

    source: str
    folder: Path
    below: str = ""


@dataclass(frozen=True, slots=True)
class Installed:
    """A version that is there; `path` is its program."""

    version: str
    source: str
    path: Path


def shelves(environ: Mapping[str, str], home: Path) -> tuple[Shelf, ...]:
    """Where version managers keep theirs, the most widely used first."""

    def at(name: str, *usual: Path) -> tuple[Path, ...]:
        return (Path(environ[name]),) if environ.get(name) else usual

    data = at("XDG_DATA_HOME", home / ".local/share")[0]
    fnm = at("FNM_DIR", data / "fnm", home / ".fnm")
    return (
        *(Shelf("nvm", each / "versions/node") for each in at("NVM_DIR", home / ".nvm")),
        *(Shelf("fnm", each / "node-versions", "installation") for each in fnm),
        *(Shelf("volta", each / "tools/image/node") for each in at("VOLTA_HOME", home / ".volta")),
        *(Shelf("asdf", each / "installs/nodejs") for each in at("ASDF_DATA_DIR", home / ".asdf")),
        *(Shelf("mise", each / "installs/node") for each in at("MISE_DATA_DIR", data / "mise")),
        *(Shelf("n", each / "n/versions/node") for each in at("N_PREFIX", Path("/usr/local"))),
    )


def installed(places: Iterable[Shelf]) -> tuple[Installed, ...]:
    """What is there now; of one version that several keep, the first."""
    found: dict[str, Installed] = {}
    for shelf in places:
        try:
            names = sorted(each.name for each in shelf.folder.iterdir())
        except OSError:
            continue  # that manager is not in use here
        for name in names:
            match = _VERSION.fullmatch(name)
            program = shelf.folder / name / shelf.below / "bin" / "node"
            if match and match[1] not in found and os.access(program, os.X_OK) and program.is_file():
                found[match[1]] = Installed(match[1], shelf.source, program)
    return tuple(found.values())


def with_node(machine: Machine, chosen: Installed, home: Path) -> Machine:
    """`machine` whose sandboxes get this Node.js and not the usual one.

    One that has no npm beside it gets the usual one's.
    """
    path, usual = chosen.path.resolve(), machine.node
    npm = find_npm(path)
    trees = [tree for tree in machine.trees if usual is None or tree not in node_trees(usual, home)]
    if npm is None and usual is not None and usual.npm is not None:
        npm = usual.npm
        trees.append(npm.parent.parent)
    node = Node(path, chosen.version, chosen.source, npm, npm_version(npm))
    return replace(
        machine,
        node=node,
        trees=tuple(dict.fromkeys([*trees, *node_trees(node, home)])),
        tools=(path.parent,),
        scripts=node_scripts(node, home),
    )


class Nodes:
    """The versions that sandboxes may ask for.

    :param home: the person's, of which nothing else is to show.
    """

    def __init__(self, places: Iterable[Shelf] = (), home: Path = Path("/")) -> None:
        self._places = tuple(places)
        self._home = home

    def all(self) -> tuple[Installed, ...]:
        """Those that are there now."""
        return installed(self._places)

    def told(self) -> list[tuple[str, str]]:
        """Each version with what keeps it."""
        return [(each.version, each.source) for each in self.all()]

    def machine(self, usual: Machine, version: str) -> Machine:
        """What a sandbox sees that asked for `version`; for none, the usual.

        :raises NotFound: it is not installed.
        """
        if not version:
            return usual
        chosen = next((each for each in self.all() if each.version == version), None)
        if chosen is None:
            raise NotFound(f"Node.js {version!r} is not installed on this computer")
        return with_node(usual, chosen, self._home)
