"""`filesystem.Filesystem`, the calls that watch a folder: a stream (WatchDir) or a watcher that is polled."""

import os
from pathlib import Path

from craft_desktop.host.envd.connect import Call, Message, Outflow, Router
from craft_desktop.host.envd.entries import entry_info
from craft_desktop.host.envd.faults import RpcFault, rpc_fault
from craft_desktop.host.envd.filesystem_service import requested_path
from craft_desktop.host.envd.state import State
from craft_desktop.host.envd.watch import Change, LostChangesError, Watch, is_on_network


class WatchService:
    """The service's methods; `close` ends the watchers that clients left behind."""

    def __init__(self, state: State) -> None:
        self._state = state
        # By id: the watch, the folder, and whether entries are wanted.
        self._watchers: dict[str, tuple[Watch, Path, bool]] = {}
        self._streams: set[Watch] = set()

    def serve_on(self, router: Router) -> None:
        """Enter the methods into a router."""
        prefix = "/filesystem.Filesystem/"
        router.server_stream(prefix + "WatchDir", self._watch_dir)
        router.unary(prefix + "CreateWatcher", self._create_watcher)
        router.unary(prefix + "GetWatcherEvents", self._get_watcher_events)
        router.unary(prefix + "RemoveWatcher", self._remove_watcher)

    def close(self) -> None:
        """End every watcher."""
        for watch, _, _ in self._watchers.values():
            watch.close()
        self._watchers.clear()

    def announce(self, path: str) -> None:
        """Tell every watch of an upload, see `Watch.announce`."""
        watches = [*self._streams, *(watch for watch, _, _ in self._watchers.values())]
        if not watches:
            return
        replaces = os.path.lexists(path)
        for watch in watches:
            watch.announce(path, replaces)

    async def _open(self, call: Call, request: Message) -> tuple[Watch, Path]:
        path = requested_path(self._state, call, request)
        try:
            if not path.is_dir():
                path.stat()
                raise RpcFault("invalid_argument", f"path is not a directory: {path}")
            if not request.get("allowNetworkMounts") and is_on_network(
                path.resolve(), Path("/proc/self/mountinfo").read_text()
            ):
                raise RpcFault("invalid_argument", f"path is on a network mount: {path}")
            return await Watch.open(path, is_recursive=bool(request.get("recursive"))), path
        except OSError as error:
            raise rpc_fault(error, path) from error

    async def _watch_dir(self, call: Call, request: Message, outflow: Outflow) -> None:
        watch, path = await self._open(call, request)
        self._streams.add(watch)
        try:
            outflow.on_gone(watch.close)
            await outflow.send({"start": {}})
            while True:
                try:
                    changes = await watch.next(call.keepalive_s)
                except TimeoutError:
                    await outflow.send({"keepalive": {}})
                    continue
                except LostChangesError as error:
                    raise RpcFault("resource_exhausted", str(error)) from error
                if changes is None:
                    return
                for change in changes:
                    await outflow.send({"filesystem": _event(change, path, bool(request.get("includeEntry")))})
        finally:
            self._streams.discard(watch)
            watch.close()

    async def _create_watcher(self, call: Call, request: Message) -> Message:
        watch, path = await self._open(call, request)
        number = "w" + os.urandom(8).hex()
        self._watchers[number] = (watch, path, bool(request.get("includeEntry")))
        return {"watcherId": number}

    def _watcher(self, request: Message) -> str:
        number = request.get("watcherId")
        if not isinstance(number, str) or number not in self._watchers:
            raise RpcFault("not_found", f"watcher {number!r} not found")
        return number

    async def _get_watcher_events(self, call: Call, request: Message) -> Message:
        watch, path, with_entry = self._watchers[self._watcher(request)]
        try:
            return {"events": [_event(change, path, with_entry) for change in watch.take()]}
        except LostChangesError as error:
            raise RpcFault("resource_exhausted", str(error)) from error

    async def _remove_watcher(self, call: Call, request: Message) -> Message:
        watch, _, _ = self._watchers.pop(self._watcher(request))
        watch.close()
        return {}


def _event(change: Change, root: Path, with_entry: bool) -> Message:
    name = change.name.encode(errors="surrogateescape").decode(errors="replace")
    told: Message = {"name": name, "type": f"EVENT_TYPE_{change.kind}"}
    if with_entry:
        try:
            told["entry"] = entry_info(root / change.name)
        except OSError:  # it is gone again: the event stands without it
            return told
    return told
