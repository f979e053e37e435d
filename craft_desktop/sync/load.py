"""Reads the files of a difference, a bounded portion at a time, and drops those whose content is what it was.

Blocks; run it in a thread. A file counts as read only if its stat was the same before and after.
"""

import errno
import hashlib
import os
import stat as modes
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from craft_desktop.model.errors import Problem
from craft_desktop.sync.diff import FileWrite
from craft_desktop.sync.snapshot import Entry, Kind, file_entry, is_racy
from craft_desktop.sync.walk import unreadable

# Up to here a file travels as bytes, above it as a path that the remote streams: twice the largest source file
# of a usual project, and a small part of a batch.
INLINE_BYTES = 4 * 1024 * 1024
# The bytes that one batch holds in memory. A project's sources fit; a folder of photographs is several orders.
BATCH_BYTES = 32 * 1024 * 1024
# The files of one batch: each costs a part of a multipart request, about 1 KB in memory beside its content.
BATCH_FILES = 4096
_HASH_CHUNK = 1024 * 1024  # large enough that hashing, not calls, is the cost


@dataclass(slots=True)
class Portion:
    """What one reading brought.

    `read` maps each file to its entry as it was read, `writes` are those of them that must be sent; `unstable`
    changed or vanished under the reader and must be looked at again; `problems` could not be read.
    """

    writes: list[FileWrite] = field(default_factory=list)
    read: dict[str, Entry] = field(default_factory=dict)
    unstable: list[str] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    is_last: bool = True


class Loader:
    """Reads files in their order, portion by portion.

    :param known: what the copy holds; a file whose hash and execute bit are there already is not sent.
    :param now_ns: the wall clock that file times are compared with.
    :param portion_bytes: what one portion holds in memory, but for its last file.
    """

    def __init__(
        self,
        root: Path,
        relpaths: tuple[str, ...],
        known: Mapping[str, Entry],
        now_ns: Callable[[], int] = time.time_ns,
        portion_bytes: int = BATCH_BYTES,
    ) -> None:
        self._root = root
        self._relpaths = relpaths
        self._known = known
        self._now_ns = now_ns
        self._portion_bytes = portion_bytes
        self._next = 0

    def read(self) -> Portion:
        """Read until a batch is full or all is read."""
        portion = Portion()
        held = 0
        while self._next < len(self._relpaths) and held < self._portion_bytes and len(portion.writes) < BATCH_FILES:
            relpath = self._relpaths[self._next]
            self._next += 1
            held += self._read_one(relpath, portion)
        portion.is_last = self._next == len(self._relpaths)
        return portion

    def _read_one(self, relpath: str, portion: Portion) -> int:
        """Read one file; give the bytes it holds in memory."""
        try:
            found = read_file(f"{self._root}/{relpath}", self._now_ns)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                # Gone, or become a link, since it was found.
                portion.unstable.append(relpath)
            else:
                portion.problems[relpath] = unreadable(relpath, error)
            return 0
        if found is None:
            portion.unstable.append(relpath)
            return 0
        entry, content = found
        portion.read[relpath] = entry
        before = self._known.get(relpath)
        if (
            before is not None
            and before.kind is Kind.FILE
            and before.sha256 == entry.sha256
            and before.executable == entry.executable
        ):
            return 0
        source = self._root / relpath if content is None else content
        portion.writes.append(FileWrite(relpath, source, entry.size, entry.executable))
        return 0 if content is None else len(content)


def read_file(path: str | Path, now_ns: Callable[[], int] = time.time_ns) -> tuple[Entry, bytes | None] | None:
    """Read and hash a regular file; its bytes are given up to `INLINE_BYTES`.

    :return: None if it changed while it was read, or is no regular file.
    :raises OSError: it cannot be opened or read.
    """
    # Not through a link, and without waiting for the other end of a pipe that took the file's place. The system's own
    # calls: a file object around them made the reading of small files a third longer (measured).
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        before = os.fstat(descriptor)
        if not modes.S_ISREG(before.st_mode):
            return None
        content: bytes | None = None
        if before.st_size <= INLINE_BYTES:
            # One byte more, to see one that has grown; what gives less than it has is unstable.
            content = os.read(descriptor, before.st_size + 1)
            sha256 = hashlib.sha256(content).hexdigest()
        else:
            hashing = hashlib.sha256()
            while chunk := os.read(descriptor, _HASH_CHUNK):
                hashing.update(chunk)
                if os.fstat(descriptor).st_mtime_ns != before.st_mtime_ns:
                    return None
            sha256 = hashing.hexdigest()
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    entry = file_entry(after, sha256)
    if not entry.has_signature(before) or (content is not None and len(content) != after.st_size):
        return None
    if is_racy(after.st_ctime_ns, now_ns()):
        # It is read again the next time somebody looks: no file bears this time, so the hash is kept and the
        # signature never trusted.
        entry = entry._replace(ctime_ns=0)
    return entry, content
