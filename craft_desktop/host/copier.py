"""Copies folders while programs write in them, and then, while they stand still, what has changed since.

A program of its own (`python copier.py MODE SOURCE TARGET ...`), standard library alone: it runs beside the host's
loop, and inside the sandbox's user namespace, where it may read what the sandbox took its own right to read from.
It says `copied` after the first pass, which takes as long as the disk does; told to go on by a line, it does the
second, which is a walk of some milliseconds, and says `done`. The end of its input before that is its end. Mode
`merge` lays layers over one another where overlays cannot, in one pass.

A sandbox is hostile and its files move beneath the walk: every name of a source is opened by itself, relative to
its folder, and never followed when it is a link. Files are cloned where the file system can (FICLONE), copied
without their holes where it cannot.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from enum import StrEnum

PR_SET_PDEATHSIG = 1  # prctl(2)
FICLONE = 0x40049409  # ioctl_ficlone(2)
NO_ROOM = 28  # the exit code where the disk, or the person's part of it, is full: ENOSPC's own number
CHUNK_BYTES = 1 << 27  # one sendfile(2), which can be interrupted between; the kernel takes no more than 2 GB
# a file's change time is read from a clock that ticks every 10 ms at worst (CONFIG_HZ=100)
TICK_NS = 20_000_000
# what a name says that became something else since it was looked at: a link, whatever we refuse to read, a socket
CHANGED = (errno.ELOOP, errno.ESTALE, errno.ENXIO)
# of a file's attributes: what programs keep there, and access lists; capabilities are only root's to give
KEPT = ("user.", "system.posix_acl_")
OPAQUE = "user.overlay.opaque"  # "nothing beneath shows through" (overlayfs, `userxattr`)
ORIGIN = "user.overlay.origin"  # "this was copied up": a folder that has one beneath


class Mode(StrEnum):
    """What becomes of an overlay's marks: a device 0:0 for a removed file, an attribute for a folder made anew."""

    PLAIN = "plain"
    """They are not copied: the source is no layer, so its owner set them to mislead the next overlay."""
    LAYER = "layer"
    """They are copied: the source is an overlay's upper folder."""
    MERGE = "merge"
    """They are obeyed: the source is a layer and the target what lies beneath it."""


class Copier:
    """One source folder and its copy."""

    def __init__(self, source: str, target: str, mode: Mode) -> None:
        self._source = source
        self._target = target
        self._mode = mode
        self._since = time.time_ns() - TICK_NS
        self._linked: dict[tuple[int, int], str] = {}
        self._folders: dict[str, tuple[int, int]] = {}

    def copy(self) -> None:
        """Copy everything. What goes away meanwhile is not there; what changes is copied again by `catch_up`."""
        self._walk(final=False)

    def catch_up(self) -> None:
        """Make the copy equal to the source, which must stand still.

        :raises OSError: something could not be read or the disk is full.
        """
        self._linked.clear()
        self._walk(final=True)

    def _walk(self, *, final: bool) -> None:
        folder = os.open(self._source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            self._folder(folder, self._target, final)
        finally:
            os.close(folder)

    def _folder(self, source: int, target: str, final: bool) -> None:
        if self._mode is Mode.MERGE and _has(source, OPAQUE) and _look(target) is not None:
            _remove(target)
        # a folder that was renamed brings files whose own change times tell nothing of it
        seen = os.fstat(source)
        known = self._folders.get(target)
        here = self._folders[target] = (seen.st_dev, seen.st_ino)
        if final and known not in (here, None) and _look(target) is not None:
            _remove(target)
        try:
            os.mkdir(target, 0o700)  # noqa: PTH102 -- targets are texts: ten thousand Path objects cost a second
        except FileExistsError:
            os.chmod(target, 0o700)  # noqa: PTH101 -- the source's own rights come last: it may be closed to its owner
        with os.scandir(source) as entries:
            names = [entry.name for entry in entries]
        if final:
            for gone in set(os.listdir(target)) - set(names):  # noqa: PTH208 -- texts, as above
                _remove(f"{target}/{gone}")
        for name in names:
            try:
                self._entry(source, name, f"{target}/{name}", final)
            except (FileNotFoundError, NotADirectoryError):
                if final:
                    raise
            except OSError as error:
                # something else took its place beneath us; the second pass sees what it is
                if final or error.errno not in CHANGED:
                    raise
        self._finish(source, target)

    def _entry(self, source: int, name: str, target: str, final: bool) -> None:
        seen = os.stat(name, dir_fd=source, follow_symlinks=False)
        kind = stat.S_IFMT(seen.st_mode)
        there = _look(target) if final or self._mode is Mode.MERGE else None
        if there is not None and not kind == stat.S_IFMT(there.st_mode) == stat.S_IFDIR:
            if final and kind == stat.S_IFMT(there.st_mode) and seen.st_ctime_ns < self._since:
                return
            _remove(target)
        if kind == stat.S_IFDIR:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=source)
            try:
                self._folder(inner, target, final)
            finally:
                os.close(inner)
        elif kind == stat.S_IFLNK:
            os.symlink(_read_link(source, name), target)  # noqa: PTH211 -- relative to a descriptor
            os.utime(target, ns=(seen.st_atime_ns, seen.st_mtime_ns), follow_symlinks=False)
        elif kind == stat.S_IFREG:
            self._file(source, name, seen, target)
        elif kind == stat.S_IFIFO:
            os.mkfifo(target, stat.S_IMODE(seen.st_mode))
        elif self._mode is Mode.LAYER and _is_mark(kind, seen.st_rdev, lambda: self._is_merged(source, target)):
            os.mknod(target, stat.S_IFCHR, 0)  # no device, so anybody may

    def _is_merged(self, folder: int, target: str) -> bool:
        """Whether something may lie beneath the folder that holds `target`."""
        if os.path.dirname(target) == self._target:  # noqa: PTH120 -- a text, as above
            return True
        return _has(folder, ORIGIN) and not _has(folder, OPAQUE)

    def _file(self, source: int, name: str, seen: os.stat_result, target: str) -> None:
        known = self._linked.get((seen.st_dev, seen.st_ino))
        if known is not None:
            with contextlib.suppress(FileNotFoundError):
                os.link(known, target)
                return
        # not blocking: a pipe may have taken the file's place
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=source)
        try:
            now = os.fstat(opened)
            if not stat.S_ISREG(now.st_mode):
                raise OSError(errno.ESTALE, "a file became something else", name)
            written = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                _copy(opened, written, now.st_size)
            finally:
                os.close(written)
            self._finish(opened, target)
        finally:
            os.close(opened)
        if seen.st_nlink > 1:
            self._linked[(seen.st_dev, seen.st_ino)] = target

    def _finish(self, source: int, target: str) -> None:
        """Attributes, rights and times, in this order: each may undo the next or forbid the one before."""
        for name in _attributes(source):
            if name.startswith("user.overlay.") and not (self._mode is Mode.LAYER and name == OPAQUE):
                continue
            if name.startswith(KEPT):
                _keep(source, target, name)
        seen = os.fstat(source)
        os.chmod(target, stat.S_IMODE(seen.st_mode))  # noqa: PTH101 -- a text, as above
        os.utime(target, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _attributes(source: int) -> list[str]:
    try:
        return os.listxattr(source)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []  # a file system without attributes
        raise


def _keep(source: int, target: str, name: str) -> None:
    """Copy one attribute; an overlay's mark that were lost would bring back what was removed.

    :raises OSError: there is no room for it, or the target's file system has none and it is a mark.
    """
    try:
        os.setxattr(target, name, os.getxattr(source, name))
    except OSError as error:
        is_gone = error.errno == errno.ENODATA  # taken off since they were listed
        if not is_gone and (error.errno != errno.ENOTSUP or name == OPAQUE):
            raise


def _copy(source: int, target: int, size: int) -> None:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        pass  # most file systems cannot
    else:
        return
    place = 0
    while place < size:
        try:
            place = os.lseek(source, place, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break  # nothing but a hole up to the end
            raise
        end = os.lseek(source, place, os.SEEK_HOLE)
        os.lseek(source, place, os.SEEK_SET)
        os.lseek(target, place, os.SEEK_SET)
        while place < end:
            copied = os.sendfile(target, source, None, min(end - place, CHUNK_BYTES))
            if not copied:
                break  # it became shorter beneath us
            place += copied
        if place < end:
            size = place
    os.ftruncate(target, size)


def _is_mark(kind: int, device: int, is_merged: Callable[[], bool]) -> bool:
    """Whether a name is to have overlayfs's mark of a removed file.

    A socket is of no use to who does not listen on it, but what may lie beneath its name is gone. Where nothing lies
    beneath, overlayfs would list the mark itself.
    """
    return (kind == stat.S_IFCHR and device == 0) or (kind == stat.S_IFSOCK and is_merged())


def _read_link(folder: int, name: str) -> str:
    """Where a link leads.

    :raises OSError: ESTALE, where it is no link any more (EINVAL by readlink(2), which means other things elsewhere).
    """
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise OSError(errno.ESTALE, "a link became something else", name) from error
        raise


def _has(folder: int, name: str) -> bool:
    try:
        return bool(os.getxattr(folder, name))
    except OSError:
        return False


def _look(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _remove(path: str) -> None:
    """Remove whatever is there, out of a target, which nobody else writes to."""
    seen = os.lstat(path)
    if not stat.S_ISDIR(seen.st_mode):
        os.unlink(path)  # noqa: PTH108 -- a text, as above
        return
    os.chmod(path, 0o700)  # noqa: PTH101
    for name in os.listdir(path):  # noqa: PTH208
        _remove(f"{path}/{name}")
    os.rmdir(path)  # noqa: PTH106


def main(arguments: list[str]) -> int:
    """Copy in two passes, or merge in one. Returns the exit code; what went wrong is said on standard error."""
    os.umask(0)
    mode, *folders = arguments
    pairs = zip(folders[::2], folders[1::2], strict=True)
    try:
        copiers = [Copier(source, target, Mode(mode)) for source, target in pairs]
        for copier in copiers:
            copier.copy()
        if mode != Mode.MERGE:
            _say("copied")
            if not sys.stdin.readline():
                return 1
            for copier in copiers:
                copier.catch_up()
    except RecursionError:
        sys.stderr.write(f"folders lie in one another more than {sys.getrecursionlimit() // 3} times\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT) else 1
    _say("done")
    return 0


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a host that is killed leaves no copying behind
    sys.exit(main(sys.argv[1:]))
