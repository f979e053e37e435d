"""Stops that keep the image: a sandbox whose project was stopped before its quiet moment goes once that is taken.

The person sees Stopped once the project's own processes have ended; the snapshot is taken in the background.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from craft_desktop.tasks import Owner

# A snapshot on this computer takes 16 ms, on E2B some seconds; a next start waits no longer than an install takes.
PART_LIMIT_S = 10.0
# Who quits the program waits for it.
LAST_LIMIT_S = 2.0

Thing = TypeVar("Thing")
_log = logging.getLogger(__name__)


class Partings(Generic[Thing]):
    """Those under way, by project. Close it with `aclose`.

    :param keep: keeps what is to be kept of one; fails never.
    :param end: ends one; fails never.
    """

    def __init__(self, keep: Callable[[Thing], Awaitable[None]], end: Callable[[Thing], Awaitable[None]]) -> None:
        self._keep = keep
        self._end = end
        self._owner = Owner("partings")
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def begin(self, project_id: str, thing: Thing) -> None:
        """Keep what is to be kept of `thing`, then end it."""
        self._under_way[project_id] = task = self._owner.start(self._part(thing), name=f"part with {project_id}")
        task.add_done_callback(lambda _: self._forget(project_id, task))

    async def ended(self, project_id: str) -> None:
        """Wait until none of the project is under way; each has its limit."""
        while task := self._under_way.get(project_id):
            await asyncio.wait({task})

    async def aclose(self) -> None:
        """End what is under way, after a moment for what is nearly done."""
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=LAST_LIMIT_S)
        await self._owner.aclose()

    async def _part(self, thing: Thing) -> None:
        try:
            async with asyncio.timeout(PART_LIMIT_S):
                await self._keep(thing)
        except TimeoutError:
            _log.warning("nothing was kept of a stopped project: it took over %.0f s", PART_LIMIT_S)
        finally:
            await self._end(thing)

    def _forget(self, project_id: str, task: "asyncio.Task[None]") -> None:
        if self._under_way.get(project_id) is task:
            del self._under_way[project_id]
