"""Puts projects to rest that nobody uses, and looks after all of them when this computer has slept."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable

from craft_desktop.workbench.runner import Runner

# How soon a lid that was opened is noticed: one wake-up of the processor in half a minute costs nothing. (The web
# service looked every 5 min; deadlines that come sooner are met exactly.)
LOOK_S = 30.0
# The clock on the wall is corrected by far less; a sleep of the computer moves it by more.
JUMP_S = 20.0

_log = logging.getLogger(__name__)


class Reaper:
    """Watches over the runs.

    :param runners: asks for every runner.
    :param clock: seconds that never go back, and stand still while the computer sleeps.
    :param wall: seconds that go on while the computer sleeps.
    """

    def __init__(
        self,
        runners: Callable[[], Iterable[Runner]],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._runners = runners
        self._clock = clock
        self._wall = wall
        self._offset = wall() - clock()
        self._changed = asyncio.Event()

    def look(self) -> None:
        """A run moved or a setting changed: the next deadline may be another."""
        self._changed.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._changed.clear()
            self.reap()
            with contextlib.suppress(TimeoutError):  # the usual case: it is time
                async with asyncio.timeout(self.next_in_s()):
                    await self._changed.wait()

    def reap(self) -> None:
        """Put to rest what has been idle for too long, and notice a sleep of the computer."""
        offset = self._wall() - self._clock()
        slept, self._offset = offset - self._offset, offset
        for runner in self._runners():
            if slept > JUMP_S:
                runner.look_after()
            rest_in_s = runner.rest_in_s
            if rest_in_s is not None and rest_in_s <= 0:
                runner.rest()
        if slept > JUMP_S:
            _log.info("this computer slept for %.0f s", slept)

    def next_in_s(self) -> float:
        """Seconds until the next deadline or look."""
        deadlines = [each for runner in self._runners() if (each := runner.rest_in_s) is not None]
        return max(0.05, min([LOOK_S, *deadlines]))
