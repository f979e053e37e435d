"""When sandboxes end: one timer for each."""

import asyncio
from collections.abc import Callable


class Deadlines:
    """Timers by the sandbox's id.

    :param reached: called in the loop, once for each deadline that was not forgotten.
    """

    def __init__(self, reached: Callable[[str], None]) -> None:
        self._reached = reached
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def put(self, sandbox_id: str, timeout_s: int) -> None:
        """Let the sandbox end `timeout_s` from now, and not when it was to end before."""
        self.forget(sandbox_id)
        self._timers[sandbox_id] = asyncio.get_running_loop().call_later(timeout_s, self._reach, sandbox_id)

    def forget(self, sandbox_id: str) -> None:
        """Let the sandbox be without an end. It may have none."""
        if timer := self._timers.pop(sandbox_id, None):
            timer.cancel()

    def _reach(self, sandbox_id: str) -> None:
        del self._timers[sandbox_id]
        self._reached(sandbox_id)
