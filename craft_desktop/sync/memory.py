"""What a scan saw of each folder, so that the next one need not list it and match its names again.

A folder's times change with every name that comes or goes in it. While they are the same, the same rules hold and
every file's signature is as it is known, nothing in the folder itself is new, and only what lies below is asked. So
git does with its index and its untracked cache.

That rests on the file system keeping those times at once and finely. Where that is not known (a network's, another
system's, one in user space), nothing is remembered and every folder is listed.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Self

from craft_desktop.sync.ignore import Scope
from craft_desktop.sync.pattern import Patterns
from craft_desktop.sync.signatures import Signature
from craft_desktop.sync.snapshot import is_racy
from craft_desktop.sync.tracked import Tracked

# Linux's own, that stamp a folder with every change of its names (tests/sync/test_memory.py tries the one it runs on).
_TRUSTED = frozenset({"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"})
_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


class Stamp(NamedTuple):
    """How an open folder is recognised: itself, and the last change of its names."""

    device: int
    inode: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Self:
        """Give the stamp of a folder's stat."""
        return cls(stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns)

    def is_telling(self, now_ns: int) -> bool:
        """Say whether a change after this look would show in the times; `now_ns` was taken before the stat."""
        return not is_racy(self.ctime_ns, now_ns)


class Folder(NamedTuple):
    """A folder as it was listed: what of it is sent, by the rules `chain`.

    `above` is the chain of what holds the folder, `patterns` its own; `names` and `files` (relpaths) are its files in
    one order, `folders` and `links` the rest; of `closed` folders only what git tracks is sent. `signature` is that of
    its files as they are known; None until all of them, and all of its folders, were found to be as they are known.
    """

    stamp: Stamp
    above: tuple[Scope, ...]
    chain: tuple[Scope, ...]
    has_rules: bool
    patterns: Patterns | None
    names: tuple[bytes, ...]
    files: tuple[str, ...]
    folders: tuple[str, ...]
    links: tuple[str, ...]
    closed: tuple[str, ...]
    signature: Signature | None = None

    @property
    def relpaths(self) -> Iterator[str]:
        """Give all that is sent of what lies in it."""
        return chain(self.files, self.folders, self.links)


@dataclass(frozen=True, slots=True)
class Memory:
    """The folders of one scan by relpath, the rules from outside of them, what git tracks; never changed once made.

    `loose` are the paths of what is known that no folder here accounts for; None: none is accounted for.
    """

    folders: Mapping[str, Folder] = field(default_factory=dict)
    outer: tuple[Scope, ...] = ()
    craft: Patterns | None = None
    loose: frozenset[str] | None = None
    tracked: Tracked = field(default_factory=Tracked)


def is_timely(root: Path) -> bool:
    """Say whether the folder lies on a file system whose folders' times can be believed."""
    try:
        return filesystem_of(os.fsencode(root), _MOUNTS.read_bytes()) in _TRUSTED
    except OSError:
        # Not Linux, or no /proc.
        return False


def filesystem_of(path: bytes, mounts: bytes) -> str | None:
    """Give the kind of file system that a path without links lies on, by `mounts` (proc(5), mountinfo)."""
    kind, depth = None, 0
    for line in mounts.splitlines():
        place, dash, source = line.partition(b" - ")
        fields = place.split(b" ")
        if not dash or len(fields) < 5:
            continue
        point = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), fields[4])
        # The last of two at one point covers the first.
        if len(point) >= depth and (path + b"/").startswith(point.rstrip(b"/") + b"/"):
            kind, depth = os.fsdecode(source.split(b" ")[0]), len(point)
    return kind
