"""`process.Process`: start, follow, feed, signal and list processes.

The wire is E2B's (`e2b.envd.process.process_pb`), in proto3 JSON: bytes as base64, zero fields left out.
"""

import binascii
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

from craft_desktop.host.envd.access import basic_user
from craft_desktop.host.envd.connect import Call, Message, Outflow, Router
from craft_desktop.host.envd.faults import HttpFault, RpcFault
from craft_desktop.host.envd.paths import User, expand
from craft_desktop.host.envd.process import Command, NoInputError, Process
from craft_desktop.host.envd.processes import ProcessTable
from craft_desktop.host.envd.state import State
from craft_desktop.host.envd.subscription import Ending, Subscription

# By name and, as proto3 JSON allows, by number.
_SIGNALS: dict[object, signal.Signals] = {
    "SIGNAL_SIGTERM": signal.SIGTERM,
    "SIGNAL_SIGKILL": signal.SIGKILL,
    15: signal.SIGTERM,
    9: signal.SIGKILL,
}


# How long the answer to a kill waits for the end: a process leaves in milliseconds, unless the disk holds it.
_KILL_PATIENCE_S = 1.0


class ProcessService:
    """The service's methods over one table of processes.

    :param search_path: PATH of what is started.
    :param become_root: what a child calls to be the user `root`; without it that user has only a home of its own.
    """

    def __init__(
        self,
        state: State,
        table: ProcessTable,
        search_path: str,
        become_root: Callable[[], None] | None = None,
    ) -> None:
        self._state = state
        self._become_root = become_root
        self._table = table
        self._search_path = search_path

    def serve_on(self, router: Router) -> None:
        """Enter the methods into a router."""
        prefix = "/process.Process/"
        # The deadline of `Start` is the process's own: it counts on when the client has left.
        router.server_stream(prefix + "Start", self._start, ends_at_deadline=False)
        router.server_stream(prefix + "Connect", self._connect)
        router.client_stream(prefix + "StreamInput", self._stream_input)
        router.unary(prefix + "List", self._list)
        router.unary(prefix + "SendInput", self._send_input)
        router.unary(prefix + "SendSignal", self._send_signal)
        router.unary(prefix + "CloseStdin", self._close_stdin)
        router.unary(prefix + "Update", self._update)

    async def _start(self, call: Call, request: Message, outflow: Outflow) -> None:
        user = _user(self._state, call)
        command = _command(request)
        cwd = self._directory(command.cwd, user)
        env = {
            "PATH": self._search_path,
            "HOME": user.home,
            "USER": user.name,
            "LOGNAME": user.name,
            **self._state.env_vars,
            **command.envs,
        }
        try:
            process = self._table.start(command, env, cwd, self._become_root if user.name == "root" else None)
        except (OSError, ValueError) as error:
            raise RpcFault("invalid_argument", f"cannot start '{command.cmd}': {error}") from error
        if call.timeout_s is not None:
            process.end_after(call.timeout_s)
        # Attached in the turn of the loop that started it: not a byte is read before.
        with process.attach() as subscription:
            await _follow(process, subscription, call, outflow, is_owner=True)

    async def _connect(self, call: Call, request: Message, outflow: Outflow) -> None:
        process = self._process(request, ended_too=True)
        with process.attach() as subscription:
            await _follow(process, subscription, call, outflow, is_owner=False)

    def _directory(self, asked: str | None, user: User) -> str:
        try:
            path = expand(asked or "", user, self._state.default_workdir)
        except ValueError as error:
            raise RpcFault("invalid_argument", str(error)) from error
        if not path.is_dir():
            raise RpcFault("invalid_argument", f"cwd '{path}' does not exist")
        return str(path)

    def _process(self, request: Message, *, ended_too: bool = False) -> Process:
        selector = request.get("process")
        if not isinstance(selector, dict):
            raise RpcFault("invalid_argument", "no process is named")
        pid, tag = selector.get("pid"), selector.get("tag")
        if not isinstance(pid, int) and not isinstance(tag, str):
            raise RpcFault("invalid_argument", "a process is named by pid or tag")
        process = self._table.find(pid, tag, ended_too=ended_too)
        if process is None:
            name = f"pid {pid}" if pid is not None else f"tag '{tag}'"
            raise RpcFault("not_found", f"process with {name} not found")
        return process

    async def _list(self, call: Call, request: Message) -> Message:
        return {"processes": [_info(process) for process in self._table.running()]}

    async def _send_signal(self, call: Call, request: Message) -> Message:
        process = self._process(request)
        number = _SIGNALS.get(request.get("signal"))
        if number is None:
            raise RpcFault("unimplemented", f"signal {request.get('signal')!r} is not served")
        try:
            process.signal(number)
        except ProcessLookupError as error:
            raise RpcFault("not_found", f"process with pid {process.pid} not found") from error
        except PermissionError as error:
            raise RpcFault("permission_denied", f"process {process.pid} runs as another user") from error
        if number is signal.SIGKILL:
            # Who was told that it is dead may look: it is then neither a zombie nor in the list.
            await process.leader_gone(_KILL_PATIENCE_S)
        return {}

    async def _send_input(self, call: Call, request: Message) -> Message:
        await _feed(self._process(request), request.get("input"))
        return {}

    async def _stream_input(self, call: Call, messages: AsyncIterator[Message]) -> Message:
        process: Process | None = None
        async for message in messages:
            if "start" in message:
                process = self._process(message["start"])
            elif "data" in message:
                if process is None:
                    raise RpcFault("invalid_argument", "data came before start")
                await _feed(process, message["data"].get("input"))
        return {}

    async def _close_stdin(self, call: Call, request: Message) -> Message:
        try:
            await self._process(request).close_stdin()
        except NoInputError as error:
            raise RpcFault("internal", str(error)) from error
        return {}

    async def _update(self, call: Call, request: Message) -> Message:
        process = self._process(request)
        size = _size(request.get("pty"))
        if size is not None:
            try:
                process.resize(*size)
            except NoInputError as error:
                raise RpcFault("internal", str(error)) from error
        return {}


async def _follow(
    process: Process, subscription: Subscription, call: Call, outflow: Outflow, *, is_owner: bool
) -> None:
    """Pass on what a process says until it ends or the client is gone.

    :param is_owner: the deadline that may end the process is this call's own.
    """
    outflow.on_gone(subscription.close)
    await outflow.send({"event": {"start": {"pid": process.pid}}})
    while True:
        try:
            event = await subscription.next(call.keepalive_s)
        except TimeoutError:
            await outflow.send({"event": {"keepalive": {}}})
            continue
        if event is None:
            return
        if isinstance(event, Ending):
            if is_owner and process.missed_deadline:
                raise RpcFault("deadline_exceeded", "the command was killed: it outlived the deadline of its call")
            await outflow.send({"event": {"end": _ending(event)}})
            return
        text = binascii.b2a_base64(event.data, newline=False).decode()
        await outflow.send({"event": {"data": {event.stream: text}}})


def _ending(event: Ending) -> Message:
    told: Message = {"status": event.status}
    if event.exit_code:
        told["exitCode"] = event.exit_code
    if event.exited:
        told["exited"] = True
    if event.error is not None:
        told["error"] = event.error
    return told


def _info(process: Process) -> Message:
    command = process.command
    config: Message = {"cmd": command.cmd, "args": list(command.args), "envs": dict(command.envs)}
    if command.cwd is not None:
        config["cwd"] = command.cwd
    info: Message = {"config": config, "pid": process.pid}
    if command.tag is not None:
        info["tag"] = command.tag
    return info


def _user(state: State, call: Call) -> User:
    try:
        name = basic_user(call.headers)
        return state.user(name)
    except KeyError as error:
        raise RpcFault("unauthenticated", f"invalid username: '{error.args[0]}'") from error
    except HttpFault as fault:
        raise RpcFault("unauthenticated", fault.message) from fault


def _command(request: Message) -> Command:
    config = request.get("process")
    if not isinstance(config, dict) or not isinstance(config.get("cmd"), str) or not config["cmd"]:
        raise RpcFault("invalid_argument", "no command is named")
    args, envs = config.get("args") or [], config.get("envs") or {}
    cwd, tag, stdin = config.get("cwd"), request.get("tag"), request.get("stdin")
    if not isinstance(args, list) or not all(isinstance(arg, str) for arg in args):
        raise RpcFault("invalid_argument", "args must be strings")
    if not isinstance(envs, dict) or not all(isinstance(value, str) for value in envs.values()):
        raise RpcFault("invalid_argument", "envs must map strings to strings")
    if not isinstance(cwd, str | None) or not isinstance(tag, str | None) or not isinstance(stdin, bool | None):
        raise RpcFault("invalid_argument", "cwd and tag must be strings, stdin a truth value")
    # Clients older than the field expect an input.
    has_input = stdin is not False
    return Command(config["cmd"], tuple(args), envs, cwd, tag, has_input, _size(request.get("pty")))


def _size(pty: Any) -> tuple[int, int] | None:
    """Columns and rows of a `PTY` message; None when there is none, zeros when it names no size."""
    if pty is None:
        return None
    size = pty.get("size") or {} if isinstance(pty, dict) else None
    columns, rows = (size.get("cols", 0), size.get("rows", 0)) if isinstance(size, dict) else (None, None)
    if not isinstance(columns, int) or not isinstance(rows, int):
        raise RpcFault("invalid_argument", "a terminal's size is cols and rows")
    return columns, rows


async def _feed(process: Process, given: Any) -> None:
    if not isinstance(given, dict):
        raise RpcFault("invalid_argument", "no input is given")
    for stream in ("stdin", "pty"):
        if stream in given:
            try:
                await process.write(stream, _bytes(given[stream]))
            except NoInputError as error:
                raise RpcFault("internal", str(error)) from error


def _bytes(text: Any) -> bytes:
    """Base64 as proto3 JSON allows it: either alphabet, padded or not."""
    if not isinstance(text, str):
        raise RpcFault("invalid_argument", "input must be base64 text")
    plain = text.translate({ord("-"): "+", ord("_"): "/"})
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except ValueError as error:
        raise RpcFault("invalid_argument", "input is not base64") from error
