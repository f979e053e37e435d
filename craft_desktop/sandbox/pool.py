"""Sandboxes made before anybody asks, for the kinds that were asked for last.

The pool knows neither projects nor the ledger: who uses it says how one of a kind is made, kept alive and ended.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from craft_desktop.model.errors import CraftError
from craft_desktop.tasks import Owner

# Who has started nothing for half an hour does something else; on E2B each waiting sandbox is paid for.
UNUSED_S = 1800.0
# Three chances within the time a sandbox lives by itself (10 minutes).
ROUND_S = 200.0

Kind = TypeVar("Kind", bound=Hashable)
Thing = TypeVar("Thing")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ready(Generic[Kind, Thing]):
    kind: Kind
    thing: Thing
    made_at: float


class Pool(Generic[Kind, Thing]):
    """Keeps as many things ready as `size` says, the kinds wanted last first. Close it with `aclose`.

    :param make: makes one of a kind; raises CraftError.
    :param keep: keeps one alive for longer than `ROUND_S`; False when it is no more.
    :param end: ends one; fails never.
    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        make: Callable[[Kind], Awaitable[Thing]],
        keep: Callable[[Thing], Awaitable[bool]],
        end: Callable[[Thing], Awaitable[None]],
        size: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._keep = keep
        self._end = end
        self._size = size
        self._clock = clock
        self._owner = Owner("pool")
        self._wanted: list[Kind] = []
        self._ready: list[_Ready[Kind, Thing]] = []
        self._filling: asyncio.Task[None] | None = None
        self._rounds: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._ready)

    def want(self, *kinds: Kind) -> None:
        """Have things of these kinds ready soon, the first of them before the others and before former ones."""
        if self._size() <= 0 and not self._ready:
            return
        self._wanted = [*dict.fromkeys((*kinds, *self._wanted))][: max(self._size(), 1)]
        if self._filling is None or self._filling.done():
            self._filling = self._owner.start(self._fill(), name="fill")
        if self._rounds is None or self._rounds.done():
            self._rounds = self._owner.start(self._go_round(), name="rounds")

    async def take(self, kind: Kind) -> Thing | None:
        """Give one of a kind that is alive, if there is one; it is the caller's then."""
        for ready in [each for each in self._ready if each.kind == kind]:
            # Out of the list before it is asked: of two that take at once each gets its own.
            if ready not in self._ready:
                continue
            self._ready.remove(ready)
            try:
                alive = await self._keep(ready.thing)
            except BaseException:
                await self._end(ready.thing)
                raise
            if alive:
                return ready.thing
            await self._end(ready.thing)
        return None

    async def look_after(self) -> None:
        """Go round once: keep alive what may be asked for, end what is too old, too much or no more wanted."""
        now = self._clock()
        for number, ready in enumerate(tuple(self._ready)):
            wanted = ready.kind in self._wanted and now - ready.made_at < UNUSED_S and number < self._size()
            if ready in self._ready and not (wanted and await self._keep(ready.thing)) and ready in self._ready:
                self._ready.remove(ready)
                await self._end(ready.thing)

    async def aclose(self) -> None:
        """End everything. May be called twice."""
        await self._owner.aclose()
        while self._ready:
            await self._end(self._ready.pop().thing)

    async def _go_round(self) -> None:
        while self._ready or (self._filling is not None and not self._filling.done()):
            await asyncio.sleep(ROUND_S)
            await self.look_after()

    async def _fill(self) -> None:
        while (kind := self._lacking()) is not None:
            try:
                thing = await self._make(kind)
            except CraftError as error:
                # Tried again when something is wanted the next time.
                _log.info("nothing was made ready: %s", error)
                return
            self._ready.append(_Ready(kind, thing, self._clock()))

    def _lacking(self) -> Kind | None:
        if len(self._ready) >= self._size():
            # What was wanted before makes room for what is wanted now.
            old = next((each for each in self._ready if each.kind not in self._wanted), None)
            if old is None or self._size() <= 0:
                return None
            self._ready.remove(old)
            self._owner.start(self._end_one(old.thing), name="end")
        there = [each.kind for each in self._ready]
        # One of each, then a second of the one wanted last.
        return min(self._wanted, key=lambda kind: there.count(kind), default=None)

    async def _end_one(self, thing: Thing) -> None:
        await self._end(thing)
