"""What each copy of the program holds, told by a file of its own, whatever becomes of the ledger that they share.

A copy holds a lock on its file for as long as it lives. The kernel gives the lock up with the process, however it ends,
so that a file without one is known to be stale, whoever has its pid now. Only its own copy writes to it, one line at a
time: a `+` or a `-`, and a nonce. A line that is not whole yet claims nothing: it is written before the sandbox is
asked for.
"""

import contextlib
import errno
import fcntl
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.store.owners import mark_of

FOLDER = "held"


@dataclass(frozen=True, slots=True)
class Holder:
    """A copy that lives, by `owners`' pid and mark."""

    pid: int
    mark: str


class Claims:
    """The nonces that this copy holds. Close it with `close`; a process that ends lets go of all.

    Every method blocks for as long as the disk takes.

    :param folder: of the program's state; it must exist.
    :raises OSError: it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._path = self._folder / secrets.token_hex(8)  # never the same twice among one person's programs
        fresh = self._path.with_suffix(".new")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND
        self._file: int | None = os.open(fresh, flags, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            pid = os.getpid()
            self._write(f"{pid} {mark_of(pid)}\n")
            fresh.rename(self._path)  # nobody finds it before it is locked
        except OSError:
            fresh.unlink(missing_ok=True)
            self.close()
            raise

    def claim(self, nonce: str) -> None:
        """Hold it from now on.

        :raises OSError: the file cannot be written (a full disk).
        """
        self._write(f"+{nonce}\n")

    def let_go(self, nonce: str) -> None:
        """Hold it no more.

        :raises OSError: the file cannot be written (a full disk).
        """
        self._write(f"-{nonce}\n")

    def held(self) -> Mapping[str, Holder]:
        """Give every nonce that a living copy holds, this one or another. Files of ended copies are removed.

        :raises OSError: the folder cannot be read.
        """
        found: dict[str, Holder] = {}
        for path in self._folder.glob("*"):
            if not path.suffix and (text := _read(path)) is not None:
                found |= _parse(text)
        return found

    def close(self) -> None:
        """Let go of everything. May be called twice."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _write(self, line: str) -> None:
        assert self._file is not None, "closed"
        data = line.encode()
        before = os.fstat(self._file).st_size
        if os.write(self._file, data) < len(data):  # the disk is full now
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))


def _read(path: Path) -> str | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None  # its copy ended just now
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(file, os.fstat(file).st_size, 0).decode("ascii", "replace")
    else:
        path.unlink(missing_ok=True)
        return None
    finally:
        os.close(file)


def _parse(text: str) -> Mapping[str, Holder]:
    first, *lines = text.split("\n")
    pid, _, mark = first.partition(" ")
    holder = Holder(int(pid) if pid.isdecimal() else 0, mark)
    found: dict[str, Holder] = {}
    for line in lines[:-1]:  # behind the last line's end is nothing, or a line that is being written
        if line.startswith("+"):
            found[line[1:]] = holder
        else:
            found.pop(line[1:], None)
    return found
