"""Bounds for a sandbox that the kernel keeps (cgroups(7)): how many processes, how much memory; and stillness.

Where this process may make groups is tried, not assumed: beneath its own group, or beside it (a desktop's session
manager gives a person the slice that programs run in). In version 1 each controller has a tree of its own; in
version 2 there is one. Version 1's freezer is not used: what it holds cannot be killed, so a host killed by force
would leave frozen processes behind.
"""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PREFIX = "craft-"
MOST_PROCESSES = 2048  # threads count; Next.js has about a hundred, a build on many cores a few hundred
MEMORY_PART = 0.75  # of the machine's: the rest keeps the desktop alive when a sandbox takes all it may
SELF = Path("/proc/self")
TRIES = 3  # a host that starts sweeps away what stands empty: another's group just made too; it does so once


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders in which groups can be made; None where there is none.

    :param memory: with `memory.max` (2) or `memory.limit_in_bytes` (1).
    :param pids: with `pids.max`.
    :param freezer: with `cgroup.freeze` (2).
    """

    memory: Path | None = None
    pids: Path | None = None
    freezer: Path | None = None

    @property
    def folders(self) -> list[Path]:
        """Each once: in version 2 all three are the same."""
        return list(dict.fromkeys(each for each in (self.memory, self.pids, self.freezer) if each is not None))


class Group:
    """The group of one sandbox, in each tree."""

    def __init__(self, roots: Roots, name: str, memory_bytes: int) -> None:
        self._roots = roots
        self._name = PREFIX + name
        self._memory_bytes = memory_bytes

    def take_in(self, pid: int) -> None:
        """Make the group, bound it, and put a process in; its children will be in it too.

        :raises OSError: the kernel refuses.
        """
        for root in self._roots.folders:
            for rest in reversed(range(TRIES)):
                try:
                    self._fill(root / self._name, pid)
                    break
                except OSError:
                    if rest == 0 or (root / self._name).exists():
                        raise

    def _fill(self, folder: Path, pid: int) -> None:
        folder.mkdir(exist_ok=True)
        for name, value in (
            ("pids.max", MOST_PROCESSES),
            ("memory.max", self._memory_bytes),
            ("memory.limit_in_bytes", self._memory_bytes),
            ("memory.oom.group", 0),
        ):
            if (folder / name).exists():
                (folder / name).write_text(str(value))
        (folder / "cgroup.procs").write_text(str(pid))

    @property
    def can_freeze(self) -> bool:
        """Whether the kernel can hold the whole group still."""
        return self._roots.freezer is not None

    def freeze(self, still: bool) -> None:
        """Hold every process of the group still, or let it go on.

        :raises OSError: the group is gone.
        """
        assert self._roots.freezer is not None  # asked of groups that can
        (self._roots.freezer / self._name / "cgroup.freeze").write_text(str(int(still)))

    def is_frozen(self) -> bool:
        """Whether all of it stands still by now."""
        assert self._roots.freezer is not None
        try:
            return "frozen 1" in (self._roots.freezer / self._name / "cgroup.events").read_text()
        except OSError:
            return True  # gone: nothing of it moves

    def is_full(self) -> bool:
        """Whether it has all the processes it may have and was refused more."""
        if self._roots.pids is None:
            return False
        folder = self._roots.pids / self._name
        try:
            refused = int((folder / "pids.events").read_text().split()[1])
            return refused > 0 and int((folder / "pids.current").read_text()) >= MOST_PROCESSES * 0.9
        except (OSError, ValueError, IndexError):
            return False

    def remove(self) -> bool:
        """Remove it, when its last process has gone; whether it is gone."""
        for root in self._roots.folders:
            _remove(root / self._name)
        return not any((root / self._name).exists() for root in self._roots.folders)


def find_roots(self_folder: Path = SELF) -> Roots:
    """Try where groups can be made."""
    try:
        mounts = _mounts((self_folder / "mountinfo").read_text())
        lines = [line.split(":", 2) for line in (self_folder / "cgroup").read_text().splitlines()]
    except (OSError, ValueError):
        return Roots()
    found: dict[str, Path] = {}
    for _, controllers, path in lines:
        mount = mounts.get(controllers)
        if mount is None:
            continue
        own = mount / path.lstrip("/")
        for root in dict.fromkeys((own, own.parent if own != mount else own)):
            for kind in _offered(root):
                found.setdefault(kind, root)
    return Roots(found.get("memory"), found.get("pids"), found.get("freezer"))


def sweep(roots: Roots) -> None:
    """Remove groups that hosts which were killed have left; those with processes in them stay."""
    for root in roots.folders:
        for folder in root.glob(f"{PREFIX}*"):
            _remove(folder)


def _mounts(mountinfo: str) -> dict[str, Path]:
    """Where each tree is mounted: by its controllers as /proc/self/cgroup names them; "" is version 2's."""
    found: dict[str, Path] = {}
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        place = Path(fields.split()[4])
        if kind == "cgroup2":
            found.setdefault("", place)
        elif kind == "cgroup":
            for name in options.split(","):
                found.setdefault(name, place)
    return found


def _offered(root: Path) -> Iterable[str]:
    """What a group made in `root` would have; nothing where none may be made or filled."""
    # a name of its own: of two hosts that start at once the faster one would take the other's trial away
    trial = root / f"{PREFIX}trial-{os.getpid()}"
    files = {
        "memory": ("memory.max", "memory.limit_in_bytes"),
        "pids": ("pids.max",),
        "freezer": ("cgroup.freeze",),
    }
    for _ in range(TRIES):
        try:
            trial.mkdir(exist_ok=True)
            # a process may only be moved by who may write here
            with (root / "cgroup.procs").open("r+"), (trial / "cgroup.procs").open("r+"):
                return [kind for kind, names in files.items() if any((trial / name).exists() for name in names)]
        except FileNotFoundError:
            continue
        except OSError:
            break
        finally:
            _remove(trial)
    return []


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
