"""Takes snapshots of sandboxes, and makes forks: sandboxes that begin with the files another has now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from craft_desktop.host.cell import Cell
from craft_desktop.host.failures import Failure, NotNow, cannot, telling
from craft_desktop.host.registry import Sandbox, State
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.snapshots import DEFAULT_TAG, Hold, Snapshot, new_snapshot_id
from craft_desktop.tasks import Owner

Outcome = Sandbox | Failure


class Snapshotting:
    """What is done with snapshots and running sandboxes together. Close it with `aclose`.

    What was begun is finished though the caller goes away: half of a snapshot is of use to nobody.
    """

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes
        self._snapshots = sandboxes.snapshots
        self._owner = Owner("snapshotting")

    async def aclose(self) -> None:
        """End what still runs; the next host removes what that leaves."""
        await self._owner.aclose()

    async def take(self, sandbox_id: str, name: str = "", tag: str = DEFAULT_TAG) -> Snapshot:
        """Take a snapshot of a sandbox, which stands still for its last moments, and list it.

        :raises NotFound: the sandbox is not alive.
        :raises CannotStart: its files cannot be copied; NoRoom where the disk is full.
        """
        taking = self._owner.start(self._take(sandbox_id, name, tag), name=f"take {sandbox_id}", awaited=True)
        return await asyncio.shield(taking)

    async def _take(self, sandbox_id: str, name: str, tag: str) -> Snapshot:
        snapshot, hold = await self._copy(sandbox_id, name, tag)
        try:
            with telling("the snapshot cannot be kept"):
                await asyncio.to_thread(self._snapshots.enter, snapshot)
        finally:
            await self._let_go(hold)
        return snapshot

    async def fork(self, sandbox_id: str, count: int, timeout_s: int) -> list[Outcome]:
        """Make `count` sandboxes that begin with the files a sandbox has now; each succeeds or fails by itself.

        :raises NotFound: the sandbox is not alive.
        :raises NotNow: it is paused.
        :raises CannotStart: its files cannot be copied; NoRoom where the disk is full.
        """
        forking = self._owner.start(self._fork(sandbox_id, count, timeout_s), name=f"fork {sandbox_id}", awaited=True)
        return await asyncio.shield(forking)

    async def _fork(self, sandbox_id: str, count: int, timeout_s: int) -> list[Outcome]:
        parent = self._sandboxes.find(sandbox_id)
        if parent.state is State.PAUSED:
            raise NotNow(f"Sandbox {sandbox_id!r} is paused and cannot be forked; resume it first")
        creation = self._sandboxes.cell(sandbox_id).creation
        assert creation is not None  # a cell that is a sandbox was asked for
        snapshot, hold = await self._copy(sandbox_id, "", DEFAULT_TAG)
        asked = replace(creation, timeout_s=timeout_s, rules=parent.rules)
        try:
            made = (self._sandboxes.create(asked, snapshot) for _ in range(count))
            outcomes = await asyncio.gather(*made, return_exceptions=True)
        finally:
            await self._let_go(hold)
        for each in outcomes:
            if isinstance(each, BaseException) and not isinstance(each, Failure):
                raise each
        return [each for each in outcomes if not isinstance(each, BaseException) or isinstance(each, Outcome)]

    async def _copy(self, sandbox_id: str, name: str, tag: str) -> tuple[Snapshot, Hold]:
        """The files of a sandbox as a snapshot that is not listed yet."""
        self._sandboxes.find(sandbox_id)
        template_id = new_snapshot_id(self._sandboxes.sources.below)
        with telling("the snapshot cannot be kept"):
            hold = await asyncio.to_thread(self._snapshots.prepare, template_id)
        try:
            async with self._turn(sandbox_id) as cell:
                # of its own: the sandbox may be killed, and lets go, before the snapshot is listed
                hold.add(await asyncio.to_thread(self._snapshots.hold, cell.plot.layers))
                lower = await cell.copy_out(self._snapshots.folder / template_id)
        except BaseException as error:
            await self._let_go(hold)
            if not isinstance(error, OSError):
                raise
            self._sandboxes.find(sandbox_id)  # killed meanwhile: then that is the reason
            raise cannot("the sandbox's files cannot be copied", error) from error
        now = self._sandboxes.sources.now()
        return Snapshot(template_id, sandbox_id, now, (template_id, *lower), name, tag), hold

    @asynccontextmanager
    async def _turn(self, sandbox_id: str) -> AsyncIterator[Cell]:
        """The cell of a sandbox, whose processes nobody else stops or lets run on meanwhile."""
        while True:
            cell = self._sandboxes.cell(sandbox_id)
            async with cell.turn:
                # while this one waited, the sandbox may have started anew in another cell
                if self._sandboxes.cell(sandbox_id) is cell:
                    yield cell
                    return

    async def _let_go(self, hold: Hold) -> None:
        hold.close()
        await asyncio.to_thread(self._snapshots.sweep)
