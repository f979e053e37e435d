"""The stat signatures of many files of one folder at once, compared without a Python object for each.

Two ways to the same answer. `PlainSignatures` asks `os.stat` for each file, on every system. `StatxSignatures` lets
Linux write its answers into a buffer (statx(2), whose layout is the same on every architecture) and takes the columns
that matter out of it: measured for 100,000 files 165 ms beside 217 ms, of which the kernel has 120 ms in both.

A signature of a folder is that of its files in their order. It is made from entries, or from the disk; the two are
equal exactly where each file still looks as its entry says.
"""

import ctypes
import os
import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Protocol

from craft_desktop.sync.snapshot import Entry

Signature = tuple[object, ...]

# include/uapi/linux/stat.h: what is asked for, besides the type that inode and times imply.
_INODE, _SIZE, _MTIME, _CTIME = 0x100, 0x200, 0x40, 0x80
_MASK = _INODE | _SIZE | _MTIME | _CTIME
# AT_SYMLINK_NOFOLLOW, and AT_NO_AUTOMOUNT as lstat has it: a look mounts nothing.
_FLAGS = 0x100 | 0x800
_RECORD_BYTES = 256  # sizeof(struct statx)
_WORDS = _RECORD_BYTES // 8
# Where, in words of 64 bits: inode 32, size 40, ctime 96 (seconds, then nanoseconds), mtime 112 bytes into the record.
_COLUMNS = (4, 5, 12, 13, 14, 15)
# The files of one round: a folder's, nearly always; 256 KB of answers.
_ROUND = 1024
_SECOND_NS = 1_000_000_000


class Signatures(Protocol):
    """A way to take signatures; not for two threads at once."""

    def of_entries(self, entries: Sequence[Entry]) -> Signature:
        """Give the signature that files have as long as they are what these entries say."""

    def of_files(self, folder: int, names: Sequence[bytes]) -> Signature | None:
        """Take the signature of an open folder's files; None where one cannot be looked at. Blocks."""


class PlainSignatures:
    """By `os.stat`."""

    def of_entries(self, entries: Sequence[Entry]) -> Signature:
        """Give the signature of entries."""
        return tuple((entry.inode, entry.size, entry.ctime_ns, entry.mtime_ns) for entry in entries)

    def of_files(self, folder: int, names: Sequence[bytes]) -> Signature | None:
        """Take the signature of files."""
        facts = attrgetter("st_ino", "st_size", "st_ctime_ns", "st_mtime_ns")
        try:
            return tuple(facts(os.stat(name, dir_fd=folder, follow_symlinks=False)) for name in names)
        except OSError:
            # Whoever looks closer says why.
            return None


class StatxSignatures:
    """By statx(2); the interpreter's lock is free during each call.

    :raises OSError: it is not to be had here.
    """

    def __init__(self) -> None:
        try:
            self._statx = ctypes.CDLL(None)["statx"]
        except AttributeError as error:
            raise OSError("the C library has no statx") from error
        buffer = ctypes.create_string_buffer(_RECORD_BYTES * _ROUND)
        self._slots = [ctypes.c_void_p(ctypes.addressof(buffer) + _RECORD_BYTES * at) for at in range(_ROUND)]
        self._words = memoryview(buffer).cast("B").cast("Q")
        descriptor = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # A filter of system calls may refuse it, and a word is read as a little-endian number.
            if sys.byteorder != "little" or self.of_files(descriptor, [b"."]) is None:
                raise OSError("statx does not answer")
        finally:
            os.close(descriptor)

    def of_entries(self, entries: Sequence[Entry]) -> Signature:
        """Give the signature of entries."""
        rounds = (entries[at : at + _ROUND] for at in range(0, len(entries), _ROUND))
        return tuple(column for entries in rounds for column in _columns(entries))

    def of_files(self, folder: int, names: Sequence[bytes]) -> Signature | None:
        """Take the signature of files."""
        columns: list[bytes] = []
        for at in range(0, len(names), _ROUND):
            some = names[at : at + _ROUND]
            # No argument types are declared: bytes and numbers are then handed over as they are, at half the cost.
            if any(map(self._statx, repeat(folder), some, repeat(_FLAGS), repeat(_MASK), self._slots)):
                return None
            end = len(some) * _WORDS
            columns += [self._words[column:end:_WORDS].tobytes() for column in _COLUMNS]
        return tuple(columns)


def find_signatures() -> Signatures:
    """Give the fastest way there is here."""
    try:
        return StatxSignatures()
    except OSError:
        # Not Linux, an old C library, or forbidden.
        return PlainSignatures()


def _columns(entries: Sequence[Entry]) -> Iterable[bytes]:
    yield array("Q", [entry.inode for entry in entries]).tobytes()
    yield array("Q", [entry.size for entry in entries]).tobytes()
    for times in ([entry.ctime_ns for entry in entries], [entry.mtime_ns for entry in entries]):
        # Before 1970 the seconds are negative, the nanoseconds never.
        yield array("q", [time // _SECOND_NS for time in times]).tobytes()
        yield array("Q", [time % _SECOND_NS for time in times]).tobytes()
