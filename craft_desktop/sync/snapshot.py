"""A folder at one moment: what there is, and how each thing is recognised again.

A file is taken for unchanged while its stat signature (size, mtime, ctime, inode) is; then its hash is carried
over from the last time it was read. Everything else is read again before anything is said about it.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

# Two writes within one tick of the kernel's clock bear the same time; the coarsest tick is 10 ms (HZ=100), and
# twice that leaves room.
RACY_NS = 20_000_000
# A whole second tells of a file system that keeps no more: ext3 and small inodes of ext4 keep one second, FAT two.
COARSE_NS = 2_000_000_000 + RACY_NS


class Kind(StrEnum):
    """What an entry is."""

    FILE = "file"
    LINK = "link"
    DIRECTORY = "directory"
    UNCERTAIN = "uncertain"
    """Something, or nothing: a push that was to replace one kind by another did not end."""


class Entry(NamedTuple):
    """One thing in a folder. A named tuple, for a scan makes 100,000 of them in a second.

    `sha256` is None while the content has not been read; `target` is a link's, None while in doubt. A directory
    has neither signature nor content.
    """

    kind: Kind
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    executable: bool = False
    sha256: str | None = None
    target: str | None = None

    def has_signature(self, stat: os.stat_result) -> bool:
        """Say whether a file still looks as it did when it was read."""
        return (
            self.ctime_ns == stat.st_ctime_ns
            and self.mtime_ns == stat.st_mtime_ns
            and self.size == stat.st_size
            and self.inode == stat.st_ino
        )

    def in_doubt(self) -> "Entry":
        """Give what is known of this thing once an order to write it has gone out, unanswered."""
        if self.kind is Kind.DIRECTORY:
            return DIRECTORY_IN_DOUBT
        return self._replace(sha256=None, target=None)


# The entries of a folder, or of a part of it, by relpath; never changed after it is made. No class of its own: a
# mapping written in Python made the comparison of 100,000 entries three times as dear.
Snapshot = Mapping[str, Entry]

DIRECTORY = Entry(Kind.DIRECTORY)
# Unequal to every directory that a scan finds, so that the order goes out again.
DIRECTORY_IN_DOUBT = Entry(Kind.DIRECTORY, inode=-1)
UNCERTAIN = Entry(Kind.UNCERTAIN)


def file_entry(stat: os.stat_result, sha256: str | None = None) -> Entry:
    """Make the entry of a regular file."""
    return Entry(
        Kind.FILE,
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ctime_ns,
        stat.st_ino,
        bool(stat.st_mode & 0o100),
        sha256,
    )


def is_racy(ctime_ns: int, now_ns: int) -> bool:
    """Say whether something may change after `now_ns` and still bear this time."""
    return now_ns - ctime_ns < (COARSE_NS if ctime_ns % 1_000_000_000 == 0 else RACY_NS)
