"""Changes in a folder, from inotify(7), in the words of E2B's clients.

CREATE, WRITE, REMOVE, RENAME (the name that went away) and CHMOD, as Go's fsnotify derives them. An upload is told as
E2B's envd brings it about, which opens the file, gives it to its user and writes: CREATE, CHMOD, WRITE, without the
first where a file was replaced. Here it arrives by a rename (see `upload`), so it is announced, and what stages it is
passed over in silence.
"""

import asyncio
import errno
import os
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from craft_desktop.host.envd.kernel import inotify_open, inotify_unwatch, inotify_watch
from craft_desktop.host.envd.upload import is_staging

# <sys/inotify.h>
_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO = 0x2, 0x4, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF = 0x100, 0x200, 0x400
_OVERFLOW, _IGNORED, _ISDIR = 0x4000, 0x8000, 0x40000000
_ONLYDIR, _DONT_FOLLOW = 0x01000000, 0x02000000
_INTEREST = _MODIFY | _ATTRIB | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _ONLYDIR
_RECORD = struct.Struct("=iIII")
# inotify_add_watch(2): no more watches for this user, or no memory for them. What happens there is lost to us.
_NO_WATCHES = (errno.ENOSPC, errno.ENOMEM)
_READ_BYTES = 64 * 1024
# Events that wait for a client; more stay in the kernel, whose own bound (fs.inotify.max_queued_events) is the same.
_MAX_WAITING = 16384
_KINDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (_CREATE, ("CREATE",)),
    (_MOVED_TO, ("CREATE",)),
    (_MODIFY, ("WRITE",)),
    (_DELETE | _DELETE_SELF, ("REMOVE",)),
    (_MOVED_FROM, ("RENAME",)),
    (_ATTRIB, ("CHMOD",)),
)
_UPLOADED = ("CREATE", "CHMOD", "WRITE")
_REPLACED = ("CHMOD", "WRITE")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: a name relative to the watched folder, and what befell it."""

    name: str
    kind: str


class LostChangesError(Exception):
    """The kernel had to drop changes: more came than were fetched."""


class Watch:
    """A watched folder. Made by `open`, ended by `close`."""

    def __init__(self, root: Path, *, is_recursive: bool) -> None:
        self._root = root
        self._real_prefix = os.path.realpath(root).rstrip("/") + "/"
        self._is_recursive = is_recursive
        self._descriptor = inotify_open()
        self._folders: dict[int, str] = {}
        self._changes: deque[Change] = deque()
        # Announced and not yet met: what each name's next arrivals are told as.
        self._uploads: dict[str, deque[tuple[str, ...]]] = {}
        self._upload_count = 0
        self._wake = asyncio.Event()
        self._has_lost = False
        self._is_reading = False
        self._is_closed = False

    @classmethod
    async def open(cls, root: Path, *, is_recursive: bool) -> Self:
        """Watch a folder, and with `is_recursive` all below it.

        :raises OSError: it is no folder, or the user's watches are used up.
        """
        watch = cls(root, is_recursive=is_recursive)
        try:
            # In a thread: a tree may have tens of thousands of folders.
            await asyncio.to_thread(watch._add_tree, "")
        except BaseException:  # failed or cancelled, the descriptor is nobody's
            watch.close()
            raise
        watch._resume()
        return watch

    def close(self) -> None:
        """End the watch; who waits for changes gets none. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._is_reading:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._wake.set()

    def announce(self, path: str, replaces: bool) -> None:
        """Take note that an upload is about to be moved to `path`, whose links are resolved."""
        # A watcher that nobody asks any more must not gather them for ever; the kernel drops its changes at that point.
        if not path.startswith(self._real_prefix) or self._upload_count >= 2 * _MAX_WAITING:
            return
        relpath = path[len(self._real_prefix) :]
        if self._is_recursive or "/" not in relpath:
            self._uploads.setdefault(relpath, deque()).append(_REPLACED if replaces else _UPLOADED)
            self._upload_count += 1

    def take(self) -> list[Change]:
        """The changes since the last call.

        :raises LostChangesError: there were more than could be held.
        """
        if self._is_reading:
            self._read()  # what the kernel has by now, whether or not the loop came to it
        changes = list(self._changes)
        self._changes.clear()
        self._wake.clear()
        if not self._is_closed:
            self._resume()
        if self._has_lost:
            self._has_lost = False
            raise LostChangesError(f"more changes in {self._root} than could be held")
        return changes

    async def next(self, silence_s: float) -> list[Change] | None:
        """The next changes, None once closed.

        :raises TimeoutError: none within `silence_s`.
        :raises LostChangesError: see `take`.
        """
        if not self._is_closed:
            async with asyncio.timeout(silence_s):
                await self._wake.wait()
        return None if self._is_closed else self.take()

    def _resume(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        offset = 0
        while offset < len(data):
            number, mask, _, size = _RECORD.unpack_from(data, offset)
            offset += _RECORD.size
            name = os.fsdecode(data[offset : offset + size].rstrip(b"\0"))
            offset += size
            self._note(number, mask, name)
        if len(self._changes) >= _MAX_WAITING:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._is_reading = False
        if self._changes or self._has_lost:
            self._wake.set()

    def _note(self, number: int, mask: int, name: str) -> None:
        if mask & _OVERFLOW:
            self._has_lost = True
            # Whose arrivals were among what was lost cannot be known.
            self._uploads.clear()
            self._upload_count = 0
            return
        if mask & _IGNORED:
            self._folders.pop(number, None)
            return
        folder = self._folders.get(number)
        # The end of a folder below the root is told by the folder it was in.
        if folder is None or (mask & _DELETE_SELF and folder):
            return
        relpath = f"{folder}/{name}" if folder and name else folder or name or "."
        if is_staging(relpath):
            return
        if self._is_recursive and mask & _ISDIR and mask & _MOVED_FROM:
            self._drop_tree(relpath)
        for bits, kinds in _KINDS:
            if mask & bits:
                if bits == _MOVED_TO:
                    kinds = self._arrival(relpath)
                # Writing to a folder means nothing.
                self._changes.extend(Change(relpath, kind) for kind in kinds if kind != "WRITE" or not mask & _ISDIR)
        if self._is_recursive and mask & _ISDIR and mask & (_CREATE | _MOVED_TO):
            self._follow(relpath)

    def _follow(self, relpath: str) -> None:
        """Watch a new folder, and tell what was put into it before it was watched."""
        try:
            self._add_tree(relpath)
        except OSError as error:
            # else it is gone again, or a link or a file took its place, of which its own events tell
            self._has_lost |= error.errno in _NO_WATCHES
            return
        for path, _ in self._contents(relpath):
            if not is_staging(path):
                self._changes.extend(Change(path, kind) for kind in self._arrival(path))

    def _arrival(self, relpath: str) -> tuple[str, ...]:
        """What the coming of a name is told as: an upload's, when one was announced."""
        uploads = self._uploads.get(relpath)
        if not uploads:
            return ("CREATE",)
        kinds = uploads.popleft()
        self._upload_count -= 1
        if not uploads:
            del self._uploads[relpath]
        return kinds

    def _contents(self, relpath: str) -> Iterator[tuple[str, bool]]:
        """The names below a folder, and whether each is one; a folder comes before what is in it.

        No link is followed, whenever it takes a folder's place: it may lead to all there is, or back to itself. What
        cannot be opened is passed over: it is gone, or closed to us.
        """
        # A stack rather than recursion: a tree may be deeper than the interpreter's stack.
        waiting = [relpath]
        while waiting:
            base = waiting.pop()
            try:
                folder = os.open(self._root / base, os.O_RDONLY | os.O_DIRECTORY | (os.O_NOFOLLOW if base else 0))
            except OSError:
                continue
            try:
                with os.scandir(folder) as entries:
                    found = [(each.name, each.is_dir(follow_symlinks=False)) for each in entries]
            finally:
                os.close(folder)
            for name, is_folder in found:
                below = f"{base}/{name}" if base else name
                yield below, is_folder
                if is_folder:
                    waiting.append(below)

    def _add_tree(self, relpath: str) -> None:
        mask = _INTEREST | (_DONT_FOLLOW if relpath else 0)
        self._folders[inotify_watch(self._descriptor, str(self._root / relpath), mask)] = relpath
        if not self._is_recursive:
            return
        for below, is_folder in self._contents(relpath):
            if not is_folder:
                continue
            try:
                number = inotify_watch(self._descriptor, str(self._root / below), mask | _DONT_FOLLOW)
            except OSError as error:
                if error.errno in _NO_WATCHES:
                    raise
                continue  # gone meanwhile, or closed to us: there is nothing to see
            self._folders[number] = below

    def _drop_tree(self, relpath: str) -> None:
        for number, folder in tuple(self._folders.items()):
            if folder == relpath or folder.startswith(relpath + "/"):
                inotify_unwatch(self._descriptor, number)
                del self._folders[number]


# File systems whose changes made elsewhere are not told to this kernel.
_NETWORK_KINDS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs"})


def is_on_network(path: Path, mountinfo: str) -> bool:
    """Whether the mount that holds `path` is a network one, by the text of /proc/self/mountinfo (proc(5))."""
    best, kind = "", ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        place = before.split()[4].encode().decode("unicode_escape")
        if (str(path) + "/").startswith(place.rstrip("/") + "/") and len(place) >= len(best):
            best, kind = place, after.split()[0]
    return kind in _NETWORK_KINDS or kind == "fuse" or kind.startswith("fuse.")
