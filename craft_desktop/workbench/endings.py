"""Ends sandboxes, now or as soon as they can be reached: Stop leaves nothing behind, a network that is away or not."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from craft_desktop.model.errors import SandboxError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.persist import abandon
from craft_desktop.store.ledger import Ledger, Row
from craft_desktop.tasks import Owner

# A changed Wi-Fi is there again by then; later ever more rarely.
AGAIN_FIRST_S = 10.0
AGAIN_MOST_S = 120.0

_log = logging.getLogger(__name__)


class Endings:
    """Ends what the ledger names.

    :param for_s: so long a sandbox lives by itself, which nobody keeps.
    """

    def __init__(self, ledger: Ledger, owner: Owner, for_s: float) -> None:
        self._ledger = ledger
        self._owner = owner
        self._for_s = for_s

    async def end(self, nonce: str, kills: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Do all of `kills` and close the row. Where one is not done the row is nobody's, and it is tried again."""
        done = [await abandon(kill) for kill in kills]
        if all(done):
            await self._ledger.end(nonce, time.time())
            return
        await self._ledger.disown(nonce)
        if not self._owner.is_closed:  # else the program's next start does it
            self._owner.start(self._end_later(nonce, kills), name="end later")

    async def _end_later(self, nonce: str, kills: Sequence[Callable[[], Awaitable[None]]]) -> None:
        wait_s, until = AGAIN_FIRST_S, time.monotonic() + self._for_s
        while time.monotonic() < until:
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, AGAIN_MOST_S)
            row = await self._left(nonce)
            # The project's next start may have taken it over: then it is in use.
            if row is None or not await self._ledger.take_over(row):
                return
            try:
                for kill in kills:
                    await kill()
            except SandboxError as error:
                _log.info("it still cannot be ended: %s", error)
                await self._ledger.disown(nonce)
            except BaseException:
                await self._ledger.disown(nonce)
                raise
            else:
                await self._ledger.end(nonce, time.time())
                _log.info("a sandbox that could not be reached at its end has been ended now")
                return

    async def _left(self, nonce: str) -> Row | None:
        rows = [row for provider in Provider for row in await self._ledger.left_behind(provider)]
        return next((row for row in rows if row.nonce == nonce), None)
