"""Clears up after copies of the program that were killed, and after projects that left the list."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from craft_desktop.model.errors import CraftError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.connection import Connection
from craft_desktop.store.ledger import Ledger
from craft_desktop.store.runs import RunStore
from craft_desktop.workbench.gallery import Gallery
from craft_desktop.workbench.tenancy import Landlord

# A provider that cannot be reached at the program's start: soon, then ever more rarely; what is left there ends by its
# own timeout meanwhile.
RETRY_FIRST_S = 10.0
RETRY_LIMIT_S = 600.0

_log = logging.getLogger(__name__)


class Housekeeping:
    """Brings the providers and this computer's own notes to the same.

    :param connect: gives a connection to a provider.
    :param known: asks for the ids of the projects on the list.
    """

    def __init__(
        self,
        ledger: Ledger,
        landlord: Landlord,
        gallery: Gallery,
        runs: RunStore,
        connect: Callable[[Provider], Awaitable[Connection]],
        known: Callable[[], Collection[str]],
    ) -> None:
        self._ledger = ledger
        self._landlord = landlord
        self._gallery = gallery
        self._runs = runs
        self._connect = connect
        self._known = known

    async def run(self) -> None:
        """Reconcile every provider of which something is noted; end when all of them have been reached."""
        waiting = await self._ledger.providers()
        wait_s = RETRY_FIRST_S
        while waiting := frozenset([each for each in waiting if not await self._reconcile(each)]):
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RETRY_LIMIT_S)

    async def forget(self, project_id: str) -> None:
        """Forget what is kept for a project that left the list. Of a provider out of reach, the next start does so."""
        try:
            await self._runs.forget(project_id)
            await self._landlord.partings.ended(project_id)
            for provider in await self._gallery.providers(project_id):
                await self._gallery.forget(await self._connect(provider), project_id)
        except CraftError as error:
            _log.info("images of a removed project stay for now: %s", error)

    async def _reconcile(self, provider: Provider) -> bool:
        try:
            await self._landlord.reconcile(await self._connect(provider), self._known())
        except CraftError as error:
            _log.info("%s was not looked through for leftovers: %s", provider.value, error)
            return False
        return True
