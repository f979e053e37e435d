"""One process started for a client: its pipes or terminal, its attached clients, its end.

Output is read as it comes and handed to every attached client. When one of them is full the pipes are left unread,
so the kernel holds the process back: nothing is lost to a slow client, and memory stays bounded. With no client
attached the output is read and dropped, so that a process never hangs because its client went away.

It has ended when its leader has exited and its pipes are closed: a child left in the background that holds
the output keeps the command running, as in E2B. After a kill the pipes are not waited for; they are still read and
dropped, so that a surviving child does not die of a closed pipe.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from craft_desktop.host.envd.spawn import Spawned, resize
from craft_desktop.host.envd.subscription import Ending, Output, Subscription

_log = logging.getLogger(__name__)

# Sizes of one output event, E2B's own.
_PIPE_CHUNK_BYTES = 32 * 1024
_PTY_CHUNK_BYTES = 16 * 1024
# Bytes of one chunk that the journal gets to see: a few lines.
_NOTED_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Command:
    """What a client asked to run. `pty` is (columns, rows); `cwd` as asked, None when not."""

    cmd: str
    args: tuple[str, ...]
    envs: Mapping[str, str]
    cwd: str | None
    tag: str | None
    stdin: bool
    pty: tuple[int, int] | None


class NoInputError(Exception):
    """The process takes no input of this kind, or no longer."""


class Process:
    """A started process. Its owner calls `leader_exited`, and `close` when the daemon ends.

    :param on_end: called once, when the process has ended.
    :param on_output: told of what it prints, with the stream's name; for a look, not for keeping.
    """

    def __init__(
        self,
        command: Command,
        spawned: Spawned,
        on_end: Callable[["Process"], None],
        on_output: Callable[["Process", str, bytes], None],
    ) -> None:
        self.command = command
        self.pid = spawned.pid
        self.ending: Ending | None = None
        self.missed_deadline = False
        self._on_end = on_end
        self._on_output = on_output
        self._stdin = spawned.stdin
        self._terminal = spawned.terminal
        self._outputs = dict(spawned.outputs)
        self._chunk_bytes = _PTY_CHUNK_BYTES if spawned.terminal is not None else _PIPE_CHUNK_BYTES
        self._loop = asyncio.get_running_loop()
        self._subscriptions: set[Subscription] = set()
        self._exit: Ending | None = None
        self._exited = asyncio.Event()
        self._was_killed = False
        self._is_paused = False
        self._input_turn = asyncio.Lock()
        self._input_ready: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        for descriptor in self._outputs:
            self._loop.add_reader(descriptor, self._read, descriptor)

    def attach(self) -> Subscription:
        """A subscription to all output from now on, and to the end."""
        subscription = Subscription(self._changed)
        if self.ending is not None:
            subscription.push(self.ending)
        else:
            self._subscriptions.add(subscription)
        return subscription

    def end_after(self, timeout_s: float) -> None:
        """Kill the leader when it still runs after `timeout_s`."""
        self._deadline = self._loop.call_later(timeout_s, self._expire)

    def _expire(self) -> None:
        self.missed_deadline = True
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Signal the leader alone, as E2B does.

        :raises PermissionError: the process changed its user.
        """
        if self.ending is not None:
            return
        if number in (signal.SIGKILL, signal.SIGTERM):
            self._was_killed = True
        if self._exit is None:
            os.kill(self.pid, number)
        else:
            self._end_if_over()

    async def leader_gone(self, patience_s: float) -> None:
        """Wait for the leader to be reaped, no longer than `patience_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._exited.wait()

    @property
    def leader_has_exited(self) -> bool:
        """Whether the leader was reaped; its process id may then belong to another."""
        return self._exit is not None

    def leader_exited(self, exit_code: int, dumped_core: bool) -> None:
        """Take note that the leader was reaped; a negative `exit_code` is a signal's number."""
        self._exit = ending_of(exit_code, dumped_core)
        self._exited.set()
        self._end_if_over()

    async def write(self, stream: str, data: bytes) -> None:
        """Write all of `data` to the input (`stdin`) or the terminal (`pty`), in order of the calls.

        Blocks while the process does not read.

        :raises NoInputError: it has no such input, or closed it.
        """
        async with self._input_turn:
            view = memoryview(data)
            while view:
                descriptor = self._input(stream)
                try:
                    view = view[os.write(descriptor, view) :]
                except BlockingIOError:
                    await self._writable(descriptor)
                except OSError as error:
                    raise NoInputError(f"process {self.pid} has closed its input: {error.strerror}") from error

    async def _writable(self, descriptor: int) -> None:
        """Wait until the descriptor takes bytes, or is closed here."""
        ready = self._input_ready = self._loop.create_future()
        self._loop.add_writer(descriptor, self._wake_writer)
        try:
            await ready
        finally:
            self._input_ready = None
            if descriptor in (self._stdin, self._terminal):
                self._loop.remove_writer(descriptor)

    def _wake_writer(self) -> None:
        if self._input_ready is not None and not self._input_ready.done():
            self._input_ready.set_result(None)

    def _input(self, stream: str) -> int:
        if stream == "pty":
            if self._terminal is None:
                raise NoInputError(f"process {self.pid} has no terminal")
            return self._terminal
        if self._terminal is not None:
            raise NoInputError(f"process {self.pid} has a terminal; its input goes there")
        if self._stdin is None:
            raise NoInputError(f"process {self.pid} has no standard input: not enabled, or closed")
        return self._stdin

    async def close_stdin(self) -> None:
        """End the standard input, after what is being written. May be called twice.

        :raises NoInputError: it never had one.
        """
        if self._terminal is not None or not self.command.stdin:
            raise NoInputError(f"process {self.pid} has no standard input: not enabled")
        async with self._input_turn:
            self._drop_stdin()

    def _drop_stdin(self) -> None:
        descriptor, self._stdin = self._stdin, None
        if descriptor is not None:
            self._loop.remove_writer(descriptor)
            self._wake_writer()
            os.close(descriptor)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its new size.

        :raises NoInputError: it has no terminal.
        """
        resize(self._input("pty"), columns, rows)

    def _read(self, descriptor: int) -> None:
        """Take one chunk from a pipe that has bytes, or has ended."""
        try:
            data = os.read(descriptor, self._chunk_bytes)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last holder of the terminal's other side is gone
            data = b""
        if not data:
            self._forget(descriptor)
            self._end_if_over()
            return
        self._hand_over(descriptor, data)

    def _hand_over(self, descriptor: int, data: bytes) -> None:
        """Give a chunk to every client."""
        output = Output(self._outputs[descriptor], data)
        self._on_output(self, output.stream, data[:_NOTED_BYTES])
        for subscription in self._subscriptions:
            subscription.push(output)
        self._pause_or_resume()

    def _forget(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        del self._outputs[descriptor]
        if descriptor == self._terminal:
            self._terminal = None
            self._loop.remove_writer(descriptor)
            self._wake_writer()
        os.close(descriptor)

    def _changed(self, subscription: Subscription) -> None:
        if subscription.is_closed:
            self._subscriptions.discard(subscription)
        self._pause_or_resume()
        self._end_if_over()

    def _pause_or_resume(self) -> None:
        should_pause = any(subscription.is_full for subscription in self._subscriptions)
        if should_pause == self._is_paused:
            return
        self._is_paused = should_pause
        for descriptor in self._outputs:
            if should_pause:
                self._loop.remove_reader(descriptor)
            else:
                self._loop.add_reader(descriptor, self._read, descriptor)

    def _end_if_over(self) -> None:
        if self.ending is not None or self._exit is None:
            return
        if self._outputs and (not self._was_killed or not self._is_drained()):
            return
        self.ending = self._exit
        if self._deadline is not None:
            self._deadline.cancel()
        self._drop_stdin()
        for subscription in self._subscriptions:
            subscription.push(self.ending)
        self._subscriptions.clear()
        self._pause_or_resume()
        self._on_end(self)

    def _is_drained(self) -> bool:
        """Hand over what the pipes hold now; False while a full client keeps that from being done."""
        for descriptor in tuple(self._outputs):
            while descriptor in self._outputs:
                if self._is_paused:
                    return False
                try:
                    data = os.read(descriptor, self._chunk_bytes)
                except BlockingIOError:
                    break
                except OSError:  # EIO, see `_read`
                    data = b""
                if not data:
                    self._forget(descriptor)
                    break
                self._hand_over(descriptor, data)
        return True

    def close(self) -> None:
        """Let go of every descriptor and detach every client; the process itself is the table's to kill."""
        if self._deadline is not None:
            self._deadline.cancel()
        for subscription in tuple(self._subscriptions):
            subscription.close()
        self._drop_stdin()
        for descriptor in tuple(self._outputs):
            self._forget(descriptor)


def ending_of(exit_code: int, dumped_core: bool) -> Ending:
    """An ending in Go's words: `exit status 3`, `signal: killed`."""
    if exit_code < 0:
        name = (signal.strsignal(-exit_code) or f"signal {-exit_code}").lower()
        status = f"signal: {name}" + (" (core dumped)" if dumped_core else "")
        return Ending(-1, False, status, status)
    status = f"exit status {exit_code}"
    return Ending(exit_code, True, status, status if exit_code else None)
