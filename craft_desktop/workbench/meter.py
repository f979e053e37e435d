"""Measures what live projects use, while somebody looks at them and no longer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from craft_desktop.model.errors import SandboxError
from craft_desktop.model.events import Measured

# E2B measures every 5 s, and so does our own host: asked half as often again, each measurement is told soon.
PERIOD_S = 2.5
# So long after the last look a project is still measured: a window that lags must not blink.
LEASE_S = 6.0

_log = logging.getLogger(__name__)


class Meter:
    """Asks for measurements and tells each once.

    :param measure: asks what a project's sandbox used last; None where there is nothing to measure.
    :param announce: told what is new.
    :param clock: seconds that never go back.
    """

    def __init__(
        self,
        measure: Callable[[str], Awaitable[Measured | None]],
        announce: Callable[[Measured], None],
        clock: Callable[[], float] = time.monotonic,
        period_s: float = PERIOD_S,
    ) -> None:
        self._measure = measure
        self._announce = announce
        self._clock = clock
        self._period_s = period_s
        self._until: dict[str, float] = {}
        self._told_at: dict[str, float] = {}
        self._wanted = asyncio.Event()

    def look(self, project_id: str) -> None:
        """Somebody looks at a project: it is measured for the next seconds."""
        self._until[project_id] = self._clock() + LEASE_S
        self._wanted.set()

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            await self._wanted.wait()
            await self.measure_all()
            if self._until:
                await asyncio.sleep(self._period_s)
            else:
                self._wanted.clear()

    async def measure_all(self) -> None:
        """Measure once what is looked at."""
        now = self._clock()
        for project_id, until in tuple(self._until.items()):
            if until <= now:
                del self._until[project_id]
                self._told_at.pop(project_id, None)
        await asyncio.gather(*(self._measure_one(project_id) for project_id in tuple(self._until)))

    async def _measure_one(self, project_id: str) -> None:
        try:
            measured = await self._measure(project_id)
        except SandboxError as error:  # the run itself tells of a sandbox that is lost
            _log.debug("%s cannot be measured: %s", project_id, error)
            return
        if measured is not None and measured.at > self._told_at.get(project_id, 0.0):
            self._told_at[project_id] = measured.at
            self._announce(measured)
