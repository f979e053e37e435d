"""Watches over sandboxes that run, and ends those that cannot go on: one that multiplies without end, one whose
daemon is lost.

A daemon that ended is seen at once (`Sandboxes`); one that stands still or hangs is only seen by asking it.
"""

import asyncio
import logging

from craft_desktop.host import guest
from craft_desktop.host.cgroups import MOST_PROCESSES
from craft_desktop.host.failures import NotFound
from craft_desktop.host.registry import State
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.tasks import Owner

GROWTH_PAUSE_S = 1.0  # between two looks at how many processes each has: two small files
HEALTH_PAUSE_S = 5.0  # between two questions to each daemon, which take it a millisecond
# For a daemon that answers from memory, on a machine that is deep in a build; together with the next, half a minute of
# silence is the end. A machine that sleeps does not count: the loop's clock stands still as well.
HEALTH_TIMEOUT_S = 10.0
MOST_MISSES = 2
_log = logging.getLogger(__name__)


class Guard:
    """The watch over the sandboxes of one host. Open it with `start`, close it with `aclose`.

    :param health_pause_s: between two questions; `health_timeout_s` for the answer.
    """

    def __init__(
        self, sandboxes: Sandboxes, health_pause_s: float = HEALTH_PAUSE_S, health_timeout_s: float = HEALTH_TIMEOUT_S
    ) -> None:
        self._sandboxes = sandboxes
        self._health_pause_s = health_pause_s
        self._health_timeout_s = health_timeout_s
        self._misses: dict[str, int] = {}
        self._owner = Owner("guard")

    def start(self) -> None:
        """Begin to watch."""
        self._owner.start(self._watch_growth(), name="growth")
        self._owner.start(self._watch_health(), name="health")

    async def aclose(self) -> None:
        """Watch no more."""
        await self._owner.aclose()

    async def _watch_growth(self) -> None:
        """The other sandboxes are not to wait for the processor that one takes."""
        while True:
            await asyncio.sleep(GROWTH_PAUSE_S)
            for sandbox in self._sandboxes.registry.all():
                if self._sandboxes.cell(sandbox.sandbox_id).is_full:
                    why = f"has {MOST_PROCESSES} processes and wants more"
                    self._owner.start(self._end(sandbox.sandbox_id, why), name=f"end {sandbox.sandbox_id}")

    async def _watch_health(self) -> None:
        while True:
            await asyncio.sleep(self._health_pause_s)
            asked = [each.sandbox_id for each in self._sandboxes.registry.all() if self._is_to_answer(each.sandbox_id)]
            answers = await asyncio.gather(
                *(guest.answers(self._sandboxes.session, sandbox_id, self._health_timeout_s) for sandbox_id in asked)
            )
            # one that was paused, copied or killed meanwhile owes no answer
            silent = [
                sandbox_id
                for sandbox_id, answered in zip(asked, answers, strict=True)
                if not answered and self._is_to_answer(sandbox_id)
            ]
            self._misses = {sandbox_id: self._misses.get(sandbox_id, 0) + 1 for sandbox_id in silent}
            for sandbox_id, count in self._misses.items():
                if count >= MOST_MISSES:
                    await self._end(sandbox_id, "is lost: its daemon does not answer")

    def _is_to_answer(self, sandbox_id: str) -> bool:
        """Whether it runs, and nobody holds its processes still for a moment."""
        sandbox = self._sandboxes.registry.find(sandbox_id)
        if sandbox is None or sandbox.state is not State.RUNNING:
            return False
        return not self._sandboxes.cell(sandbox_id).turn.locked()

    async def _end(self, sandbox_id: str, why: str) -> None:
        try:
            self._sandboxes.find(sandbox_id)
        except NotFound:
            return  # killed since it was seen
        _log.error("sandbox %s %s: it is ended", sandbox_id, why)
        await self._sandboxes.kill(sandbox_id)
        _log.info("the processes of %s are gone", sandbox_id)
