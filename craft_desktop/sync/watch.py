"""Says when to look at a folder; the only door to watchdog.

What it tells is a hint and no more: the engine compares states. Its one promise is that something is told for every
change after `cover` returned, or `OVERFLOWED` in its place.

On Linux each folder that is sent has an inotify watch of its own, for a recursive one would walk and watch a local
`node_modules` as well (measured with 4,000 folders in there: 130-200 ms, against 2 ms for the 100 that are sent).
watchdog's InotifyFD is used directly: its Observer starts a thread per folder, holds unpaired moves back for 500 ms
and keeps a queue overflow to itself. Elsewhere the system's own recursive watch is used through watchdog's Observer.
"""

import asyncio
import errno
import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from craft_desktop.sync.ignore import NEVER_SENT

if sys.platform == "linux":
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchDescriptor,
    )


class Sign(StrEnum):
    """What was told of a path."""

    SAVED = "saved"
    """A file was closed after writing, or moved to this name."""
    CHANGED = "changed"
    """Anything else happened."""
    OVERFLOWED = "overflowed"
    """Hints were lost: anything may have happened anywhere. The watch is spent; close it and open another."""
    ROOT_LOST = "root lost"
    """The folder itself was deleted, moved or unmounted. The watch is spent."""


@dataclass(frozen=True, slots=True)
class Told:
    """One hint; `relpath` is empty where it is about no single path."""

    relpath: str
    sign: Sign


class FolderWatch(Protocol):
    """Watches one folder from `__init__` to `close`; both may block for some milliseconds."""

    def cover(self, relpaths: Iterable[str]) -> frozenset[str]:
        """Watch these folders too; give those that were not watched before.

        :raises OSError: the system's limit is reached; some of them may be watched.
        """

    def close(self) -> None:
        """Stop telling."""


class _Mailbox:
    """Carries hints from the watching thread to the loop: one wake-up for as many as have come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_told: Callable[[list[Told]], None]) -> None:
        self._loop = loop
        self._on_told = on_told
        self._lock = threading.Lock()
        self._waiting: list[Told] = []
        self._is_closed = False

    def put(self, told: Told) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._waiting.append(told)
            if len(self._waiting) == 1:
                self._loop.call_soon_threadsafe(self._deliver)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._waiting.clear()

    def _deliver(self) -> None:
        with self._lock:
            told, self._waiting = self._waiting, []
        if told:
            self._on_told(told)


if sys.platform == "linux":
    _MASK = Mask(
        InotifyConstants.IN_CLOSE_WRITE
        | InotifyConstants.IN_MODIFY
        | InotifyConstants.IN_ATTRIB
        | InotifyConstants.IN_CREATE
        | InotifyConstants.IN_DELETE
        | InotifyConstants.IN_MOVE
        | InotifyConstants.IN_DELETE_SELF
        | InotifyConstants.IN_MOVE_SELF
        | InotifyConstants.IN_ONLYDIR
        | InotifyConstants.IN_DONT_FOLLOW
        | InotifyConstants.IN_EXCL_UNLINK
    )

    class _Watched:
        """One folder's watch, told of by the inotify thread."""

        def __init__(self, owner: "InotifyWatch", relpath: str) -> None:
            self.owner = owner
            self.relpath = relpath
            self.descriptor: WatchDescriptor | None = None

        def on_event(self, event: InotifyEvent) -> None:
            self.owner.on_event(self, event)

        def on_watch_deleted(self, wd: WatchDescriptor) -> None:
            self.owner.on_deleted(self)

        def on_queue_overflow(self) -> None:
            self.owner.on_overflow(self)

    class InotifyWatch:
        """A watch on the root and on every folder that `cover` names.

        :param on_told: called in `loop`.
        :raises OSError: inotify is absent or used up.
        """

        def __init__(self, root: Path, loop: asyncio.AbstractEventLoop, on_told: Callable[[list[Told]], None]) -> None:
            self._root = root
            self._mailbox = _Mailbox(loop, on_told)
            self._lock = threading.Lock()
            self._watched: dict[str, _Watched] = {}
            self._inotify = InotifyFD()
            self._inotify.start()
            try:
                if not self.cover([""]):
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
            except OSError:
                self.close()
                raise

        def cover(self, relpaths: Iterable[str]) -> frozenset[str]:
            """Watch these folders too."""
            added: set[str] = set()
            for relpath in relpaths:
                with self._lock:
                    if relpath in self._watched:
                        continue
                    watched = self._watched[relpath] = _Watched(self, relpath)
                try:
                    descriptor = self._inotify.add_callback(
                        os.fsencode(self._root / relpath), _MASK, watched, CallbackId(id(watched))
                    )
                except (FileNotFoundError, NotADirectoryError):
                    # Gone again; its parent's watch tells of that.
                    self._forget(watched)
                    continue
                except OSError:
                    self._forget(watched)
                    raise
                if descriptor == -1:
                    # No right to watch it (EACCES, which watchdog passes over): the scan says so.
                    self._forget(watched)
                    continue
                watched.descriptor = descriptor
                added.add(relpath)
            return frozenset(added)

        def close(self) -> None:
            """Stop telling and end the thread."""
            self._mailbox.close()
            self._inotify.stop()
            self._inotify.join()

        def on_event(self, watched: _Watched, event: InotifyEvent) -> None:
            """Turn one event into a hint; called in the inotify thread."""
            if event.is_delete_self or event.is_move_self or event.mask & InotifyConstants.IN_UNMOUNT:
                if not watched.relpath:
                    self._mailbox.put(Told("", Sign.ROOT_LOST))
                return
            name = os.fsdecode(event.name)
            if not name or name in NEVER_SENT:
                return
            relpath = f"{watched.relpath}/{name}" if watched.relpath else name
            if event.is_directory:
                if event.is_attrib:
                    return
                if event.is_moved_from or event.is_moved_to or event.is_delete:
                    # What was watched under this name is elsewhere, or gone: whoever stands there now is new.
                    self._uncover(relpath)
            saved = not event.is_directory and (event.is_close_write or event.is_moved_to)
            self._mailbox.put(Told(relpath, Sign.SAVED if saved else Sign.CHANGED))

        def on_deleted(self, watched: _Watched) -> None:
            """Forget a watch the kernel ended, and have its folder looked at; called in the inotify thread."""
            if self._forget(watched) and watched.relpath:
                self._mailbox.put(Told(watched.relpath, Sign.CHANGED))

        def on_overflow(self, watched: _Watched) -> None:
            """Tell once, though every watch is told; called in the inotify thread."""
            if not watched.relpath:
                self._mailbox.put(Told("", Sign.OVERFLOWED))

        def _forget(self, watched: _Watched) -> bool:
            with self._lock:
                if self._watched.get(watched.relpath) is not watched:
                    return False
                del self._watched[watched.relpath]
                return True

        def _uncover(self, folder: str) -> None:
            """End the watches of a folder and all below."""
            with self._lock:
                if folder not in self._watched:
                    return
                below = f"{folder}/"
                ended = [
                    self._watched.pop(relpath)
                    for relpath in list(self._watched)
                    if relpath == folder or relpath.startswith(below)
                ]
            self._inotify.remove_callbacks(
                [(watched.descriptor, CallbackId(id(watched))) for watched in ended if watched.descriptor is not None]
            )


class TreeWatch(FileSystemEventHandler):
    """One recursive watch by the system's own means.

    :param on_told: called in `loop`.
    :raises OSError: the system refuses.
    """

    def __init__(self, root: Path, loop: asyncio.AbstractEventLoop, on_told: Callable[[list[Told]], None]) -> None:
        self._root = str(root)
        self._mailbox = _Mailbox(loop, on_told)
        self._observer: BaseObserver = Observer()
        self._observer.schedule(self, self._root, recursive=True)
        self._observer.start()

    def cover(self, relpaths: Iterable[str]) -> frozenset[str]:
        """Do nothing: all is watched."""
        return frozenset()

    def close(self) -> None:
        """Stop telling and end the threads."""
        self._mailbox.close()
        self._observer.stop()
        self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Turn one event into hints; called in the observer's thread."""
        if event.event_type in ("opened", "closed_no_write") or (event.is_directory and event.event_type == "modified"):
            return
        for path in (event.src_path, event.dest_path):
            text = os.fsdecode(path)
            if text == self._root and event.event_type in ("deleted", "moved"):
                self._mailbox.put(Told("", Sign.ROOT_LOST))
                continue
            if not text.startswith(self._root + os.sep):
                continue
            relpath = text[len(self._root) + 1 :].replace(os.sep, "/")
            if NEVER_SENT.isdisjoint(relpath.split("/")):
                saved = event.event_type == "closed" or (event.event_type == "moved" and path is event.dest_path)
                saved = saved and not event.is_directory
                self._mailbox.put(Told(relpath, Sign.SAVED if saved else Sign.CHANGED))


def watch_folder(root: Path, loop: asyncio.AbstractEventLoop, on_told: Callable[[list[Told]], None]) -> FolderWatch:
    """Watch a folder by the best means of this system.

    :raises OSError: it cannot be watched: no inotify, or its limit is reached.
    """
    if sys.platform == "linux":
        return InotifyWatch(root, loop, on_told)
    return TreeWatch(root, loop, on_told)
