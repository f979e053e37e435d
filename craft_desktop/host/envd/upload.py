"""Files on their way in: written aside, then moved into place all together.

E2B's envd opens the target, empties it and writes. A dev server that watches the folder then reads an empty or half
file in between and compiles that: an error flashes up and is gone. Here each file is written whole to a
staging folder and `rename`d over its target once the whole request has arrived, so a watcher sees one event and
complete content, a batch changes nearly at once, and a request that breaks off changes nothing.
The staging folder lies in `<home>/.cache`, not beside the target: a temporary name beside it would itself wake
the watchers of the project, twice. For a target outside the home the temporary file is a dot file beside it.

What a rename would get wrong is done otherwise: a symbolic link is followed and its target replaced, an existing
file keeps its mode, and what is no regular file (a device, a pipe) or must not be replaced (a mount point) is
written in place.
"""

import asyncio
import errno
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from craft_desktop.host.envd.entries import METADATA_PREFIX
from craft_desktop.host.envd.faults import HttpFault, http_fault

# Read by everyone, written by the owner, less the umask: E2B's own.
_FILE_MODE = 0o666
# Files moved into place between two turns of the event loop: about a millisecond.
_COMMIT_RUN = 64
# A rename refused so is not possible at all: the target is a mount point, or its folder may not be changed.
_NO_RENAME = frozenset({errno.EBUSY, errno.EACCES, errno.EPERM})
_STAGING = ".cache/craft-desktop"
_BESIDE = ".craft-upload-"


def is_staging(relpath: str) -> bool:
    """Whether a path below a home or any other folder is what uploads pass through, and no client's file."""
    return relpath.rpartition("/")[2].startswith(_BESIDE) or f"/{_STAGING}/" in f"/{relpath}/"


class _Incoming:
    """One file being received: where it is written, and where it belongs.

    Text, not `Path`, here and below: a request may bring tens of thousands, and a `Path` takes six times the memory;
    what was made of them took more time than the writing (measured).
    """

    __slots__ = ("asked", "descriptor", "target", "written")

    def __init__(self, asked: str, target: str, written: str, descriptor: int) -> None:
        self.asked = asked
        self.target = target
        self.written = written
        self.descriptor = descriptor


class Batch:
    """The files of one upload request; a context manager that removes what was not committed.

    :param home: the folder within which files are staged.
    :param metadata: what is kept with each file as extended attributes.
    :param announce: told of each file before it is moved into place: where, links resolved.
    """

    def __init__(self, home: Path, metadata: Mapping[str, str], announce: Callable[[str], None]) -> None:
        self._home_prefix = os.path.realpath(home) + "/"
        self._staging_root = home / _STAGING
        self._announce = announce
        self._staging: str | None = None
        self._metadata = {METADATA_PREFIX + key: value.encode() for key, value in metadata.items()}
        self._files: list[_Incoming] = []
        self._asked: set[str] = set()
        self._folders: dict[str, str] = {}
        # Those that this request made and made no folder in: nothing is there yet, and a file or a link that comes
        # meanwhile is what a rename replaces.
        self._bare: set[str] = set()
        self._open: _Incoming | None = None

    def begin(self, asked: str) -> None:
        """Start receiving the file that belongs at `asked`, an absolute path.

        :raises HttpFault: it cannot be written there, or came already in this request.
        """
        if asked in self._asked:
            raise HttpFault(400, f"you cannot upload multiple files to the same path: {asked}")
        self._asked.add(asked)
        try:
            self._open = self._prepare(asked)
        except OSError as error:
            raise http_fault(error, asked) from error

    def write(self, data: bytes) -> None:
        """Append to the file begun last.

        :raises HttpFault: 507 when the disk is full.
        """
        assert self._open is not None
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._open.descriptor, view) :]
        except OSError as error:
            raise http_fault(error, self._open.asked) from error

    def finish(self) -> None:
        """The file begun last is complete."""
        incoming, self._open = self._open, None
        assert incoming is not None
        try:
            try:
                for name, value in self._metadata.items():
                    os.setxattr(incoming.descriptor, name, value)
            finally:
                os.close(incoming.descriptor)
        except OSError as error:
            _discard(incoming)
            raise http_fault(error, incoming.asked) from error
        self._files.append(incoming)

    async def commit(self) -> list[str]:
        """Move every file into place; the paths as they were asked for.

        :raises HttpFault: one of them could not be; those before it stay in place.
        """
        for count, incoming in enumerate(self._files, 1):
            if incoming.written != incoming.target:
                try:
                    self._announce(incoming.target)
                    if (otherwise := _land(incoming)) is not None:
                        await asyncio.to_thread(otherwise, incoming.written, incoming.target)
                        _discard(incoming)
                except OSError as error:
                    raise http_fault(error, incoming.asked) from error
            if count % _COMMIT_RUN == 0:
                await asyncio.sleep(0)
        paths = [incoming.asked for incoming in self._files]
        self._files.clear()
        return paths

    def _prepare(self, asked: str) -> _Incoming:
        folder, _, name = asked.rpartition("/")
        target = f"{self._folder(folder)}/{name}"
        # To look for what cannot be there takes as long as the rename (measured).
        mode = None if folder in self._bare else _mode(target)
        if mode is not None and stat.S_ISLNK(mode):
            target = os.path.realpath(target)
            mode = _mode(target)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        if mode is not None and not stat.S_ISREG(mode):
            # Non-blocking, for a pipe that nobody reads would stop the daemon.
            descriptor = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
            return _Incoming(asked, target, target, descriptor)
        written = self._temporary(target)
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
        if mode is not None:
            os.fchmod(descriptor, stat.S_IMODE(mode))
        return _Incoming(asked, target, written, descriptor)

    def _folder(self, folder: str) -> str:
        """Make a folder and those above it; the same with links resolved."""
        resolved = self._folders.get(folder)
        if resolved is None:
            if _make_folder(folder or "/"):
                above = folder
                while above := above.rpartition("/")[0]:
                    self._bare.discard(above)
                self._bare.add(folder)
            resolved = self._folders[folder] = os.path.realpath(folder or "/").rstrip("/")
        return resolved

    def _temporary(self, target: str) -> str:
        if not target.startswith(self._home_prefix):
            return _temporary_beside(target)
        if self._staging is None:
            staging = self._staging_root / f"upload-{os.urandom(6).hex()}"
            staging.mkdir(parents=True)
            self._staging = str(staging)
        return f"{self._staging}/{len(self._asked)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            os.close(self._open.descriptor)
            self._files.append(self._open)
            self._open = None
        for incoming in self._files:
            _discard(incoming)
        if self._staging is not None:
            # It is empty by now, unless someone in the sandbox put something there: that stays theirs.
            with suppress(OSError):
                Path(self._staging).rmdir()


def _land(incoming: _Incoming) -> Callable[[str, str], None] | None:
    """Rename a file into its place; where that cannot be done at all, give what blocks and does it otherwise."""
    try:
        os.rename(incoming.written, incoming.target)  # noqa: PTH104 - no Path, see `_Incoming`
    except OSError as error:
        if error.errno == errno.EXDEV:  # a mount within the home
            return _move_across
        if error.errno in _NO_RENAME:
            return _write_in_place
        raise
    return None


def _make_folder(path: str) -> bool:
    """Make a folder and those above it; whether it was not there before."""
    try:
        Path(path).mkdir(parents=True)
    except FileExistsError:
        # Raises where it is there and no folder.
        Path(path).mkdir(exist_ok=True)
        return False
    return True


def _mode(path: str) -> int | None:
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return None


def _discard(incoming: _Incoming) -> None:
    if incoming.written != incoming.target:
        Path(incoming.written).unlink(missing_ok=True)


def _temporary_beside(target: str) -> str:
    folder = target.rpartition("/")[0]
    return f"{folder}/{_BESIDE}{os.urandom(6).hex()}"


def _move_across(source: str, target: str) -> None:
    """Bring a file to another file system, and there into place at once."""
    beside = _temporary_beside(target)
    try:
        shutil.copy2(source, beside)
        Path(beside).rename(target)
    finally:
        Path(beside).unlink(missing_ok=True)


def _write_in_place(source: str, target: str) -> None:
    """Copy content and attributes over a file that cannot be replaced by a rename."""
    shutil.copyfile(source, target)
    for name in os.listxattr(target):
        if name.startswith(METADATA_PREFIX):
            os.removexattr(target, name)
    for name in os.listxattr(source):
        if name.startswith(METADATA_PREFIX):
            os.setxattr(target, name, os.getxattr(source, name))
