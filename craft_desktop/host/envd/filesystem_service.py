"""`filesystem.Filesystem`, the calls that look at and change the tree: Stat, MakeDir, Move, ListDir, Remove.

Calls that may touch many files run in a thread, so that output of processes keeps flowing meanwhile.
"""

import asyncio
import errno
import shutil
import stat
from pathlib import Path

from craft_desktop.host.envd.access import basic_user
from craft_desktop.host.envd.connect import Call, Message, Router
from craft_desktop.host.envd.entries import entry_info
from craft_desktop.host.envd.faults import HttpFault, RpcFault, rpc_fault
from craft_desktop.host.envd.paths import expand
from craft_desktop.host.envd.state import State


class FilesystemService:
    """The service's methods."""

    def __init__(self, state: State) -> None:
        self._state = state

    def serve_on(self, router: Router) -> None:
        """Enter the methods into a router."""
        prefix = "/filesystem.Filesystem/"
        router.unary(prefix + "Stat", self._stat)
        router.unary(prefix + "MakeDir", self._make_dir)
        router.unary(prefix + "Move", self._move)
        router.unary(prefix + "ListDir", self._list_dir)
        router.unary(prefix + "Remove", self._remove)

    async def _stat(self, call: Call, request: Message) -> Message:
        path = requested_path(self._state, call, request)
        try:
            return {"entry": entry_info(path)}
        except OSError as error:
            raise rpc_fault(error, path) from error

    async def _make_dir(self, call: Call, request: Message) -> Message:
        path = requested_path(self._state, call, request)
        if path.is_dir():
            raise RpcFault("already_exists", f"directory already exists: {path}")
        try:
            path.mkdir(parents=True, exist_ok=True)
            return {"entry": entry_info(path)}
        except FileExistsError as error:
            raise RpcFault("invalid_argument", f"path already exists but it is not a directory: {path}") from error
        except OSError as error:
            raise rpc_fault(error, path) from error

    async def _move(self, call: Call, request: Message) -> Message:
        source = requested_path(self._state, call, request, "source")
        destination = requested_path(self._state, call, request, "destination")
        try:
            source.lstat()
            destination.parent.mkdir(parents=True, exist_ok=True)
            try:
                source.rename(destination)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                # another mount, or a folder of a snapshot, which the kernel does not rename
                if destination.is_dir() and not destination.is_symlink():
                    destination.rmdir()  # `shutil.move` would move into it, `rename` takes its place if it is empty
                await asyncio.to_thread(shutil.move, source, destination)
            return {"entry": entry_info(destination)}
        except OSError as error:
            raise rpc_fault(error, source) from error

    async def _list_dir(self, call: Call, request: Message) -> Message:
        path = requested_path(self._state, call, request)
        depth = request.get("depth") or 1
        if not isinstance(depth, int):
            raise RpcFault("invalid_argument", "depth must be a number")
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise rpc_fault(error, path) from error
        if not stat.S_ISDIR(mode):
            raise RpcFault("invalid_argument", f"path is not a directory: {path}")
        try:
            return {"entries": await asyncio.to_thread(_listing, path, depth)}
        except OSError as error:
            raise rpc_fault(error, path) from error

    async def _remove(self, call: Call, request: Message) -> Message:
        path = requested_path(self._state, call, request)
        try:
            await asyncio.to_thread(_remove_all, path)
        except OSError as error:
            raise rpc_fault(error, path) from error
        return {}


def requested_path(state: State, call: Call, request: Message, field: str = "path") -> Path:
    """The path that a request names, for the user that the call names.

    :raises RpcFault: unknown user, no such field, or a path that cannot be.
    """
    try:
        user = state.user(basic_user(call.headers))
    except KeyError as error:
        raise RpcFault("unauthenticated", f"invalid username: '{error.args[0]}'") from error
    except HttpFault as fault:
        raise RpcFault("unauthenticated", fault.message) from fault
    asked = request.get(field, "")
    if not isinstance(asked, str):
        raise RpcFault("invalid_argument", f"{field} must be a string")
    try:
        return expand(asked, user, state.default_workdir)
    except ValueError as error:
        raise RpcFault("invalid_argument", str(error)) from error


def _listing(root: Path, depth: int) -> list[Message]:
    """Entries below `root` to that depth, each folder before what it holds; links to folders are not entered.

    Folders below the root that vanish or cannot be read meanwhile are told without what they hold.
    """
    found: list[Message] = []
    # A stack rather than recursion: a tree may be deeper than the interpreter's stack.
    rest = [(child, 1) for child in sorted(root.iterdir(), reverse=True)]
    while rest:
        path, level = rest.pop()
        try:
            found.append(entry_info(path))
            if level < depth and stat.S_ISDIR(path.lstat().st_mode):
                rest.extend((child, level + 1) for child in sorted(path.iterdir(), reverse=True))
        except (FileNotFoundError, PermissionError):
            continue
    return found


def _remove_all(path: Path) -> None:
    """Remove a file, a link or a whole folder; nothing there is no error.

    Someone else may be deleting there too, so what vanishes midway starts another round.
    """
    while True:
        try:
            mode = path.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            if not stat.S_ISDIR(mode):
                path.unlink()
            else:
                shutil.rmtree(path)
        except FileNotFoundError:
            continue
