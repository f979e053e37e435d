"""What a process says to one attached client: a bounded queue with one reader."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

# What may wait for one client before its process is no longer read: a few full pipes' worth (a pipe holds 64 KiB),
# so that a burst does not stall the process, and a hundred clients cannot fill the memory.
_MAX_WAITING_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that a process wrote; `stream` is `stdout`, `stderr` or `pty`."""

    stream: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended, in the words of Go's `os.ProcessState`, which E2B's clients know.

    `exit_code` is -1 and `exited` false for a process ended by a signal; `error` is None after exit status 0.
    """

    exit_code: int
    exited: bool
    status: str
    error: str | None


Event = Output | Ending


class Subscription:
    """The events of one process for one client; a context manager that detaches.

    :param on_change: told when room appears or the client leaves, so that a paused process is read again.
    """

    def __init__(self, on_change: Callable[["Subscription"], None]) -> None:
        self._on_change = on_change
        self._events: deque[Event] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self.is_closed = False

    @property
    def is_full(self) -> bool:
        """Whether the process should wait for this client."""
        return not self.is_closed and self._waiting_bytes >= _MAX_WAITING_BYTES

    def push(self, event: Event) -> None:
        """Add an event; never refused, the one who pushes looks at `is_full`."""
        if self.is_closed:
            return
        if isinstance(event, Output):
            self._waiting_bytes += len(event.data)
        self._events.append(event)
        self._wake.set()

    async def next(self, silence_s: float) -> Event | None:
        """The next event; None once closed.

        :raises TimeoutError: none came within `silence_s`.
        """
        while not self._events:
            if self.is_closed:
                return None
            self._wake.clear()
            async with asyncio.timeout(silence_s):
                await self._wake.wait()
        event = self._events.popleft()
        if isinstance(event, Output):
            was_full = self.is_full
            self._waiting_bytes -= len(event.data)
            if was_full and not self.is_full:
                self._on_change(self)
        return event

    def close(self) -> None:
        """Take no more events and drop those that wait. May be called twice."""
        if self.is_closed:
            return
        self.is_closed = True
        self._events.clear()
        self._waiting_bytes = 0
        self._wake.set()
        self._on_change(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
