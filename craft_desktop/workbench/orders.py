"""What is asked of a run while it goes on: kept until the run comes to look."""

import asyncio

from craft_desktop.model.operations import Wipe


class Orders:
    """Orders for one run. Each is remembered once, however often it is given."""

    def __init__(self) -> None:
        self._given = asyncio.Event()
        self._restart = False
        self._wipe = Wipe.NOTHING
        self._look = False
        self._sleep = False
        self._wake = asyncio.Event()

    def restart(self, wipe: Wipe = Wipe.NOTHING) -> None:
        """Start the dev server anew, after deleting so much in the sandbox; of several orders the one that goes
        furthest counts."""
        self._restart = True
        self._wipe = max(self._wipe, wipe)
        self._given.set()
        self._wake.set()

    def look(self) -> None:
        """Read the folder's manifest and lock files again: one of them was saved."""
        self._look = True
        self._given.set()

    def sleep(self) -> None:
        """Pause the sandbox, if nobody wants it by then."""
        self._sleep = True
        self._wake.clear()
        self._given.set()

    def wake(self) -> None:
        """The sandbox is wanted: a run asleep wakes, and one about to sleep stays awake."""
        self._sleep = False
        self._wake.set()

    async def wait(self) -> None:
        """Wait until something is asked."""
        while not (self._restart or self._wipe or self._look or self._sleep):
            self._given.clear()
            await self._given.wait()

    async def wait_for_wake(self) -> None:
        """Wait until the sandbox is wanted."""
        await self._wake.wait()

    @property
    def is_restart_asked(self) -> bool:
        """Is a restart asked for, and not taken yet?"""
        return self._restart

    def take_restart(self) -> bool:
        """Was a restart asked for? It is taken."""
        taken, self._restart = self._restart, False
        return taken

    @property
    def wipe(self) -> Wipe:
        """What is to be deleted, and is not yet."""
        return self._wipe

    def take_wipe(self) -> Wipe:
        """What is to be deleted? It is taken."""
        taken, self._wipe = self._wipe, Wipe.NOTHING
        return taken

    def take_look(self) -> bool:
        """Was a look at the manifest asked for? It is taken."""
        taken, self._look = self._look, False
        return taken

    def take_sleep(self) -> bool:
        """Was sleep asked for, and not taken back? It is taken."""
        taken, self._sleep = self._sleep, False
        return taken
