import asyncio
from collections.abc import Mapping

from craft_desktop.sync.archive import Archive
from craft_desktop.sync.diff import Batch
from craft_desktop.sync.snapshot import Entry
from craft_desktop.workbench.gate import Gate, GatedRemote


class Remote:
    """Takes batches, and lets a test hold one."""

    def __init__(self) -> None:
        self.taken: list[Batch] = []
        self.entered = asyncio.Event()
        self.go = asyncio.Event()

    async def apply(self, batch: Batch) -> None:
        self.entered.set()
        await self.go.wait()
        self.taken.append(batch)

    async def apply_archive(self, archive: Archive) -> None:
        raise NotImplementedError  # not asked for here

    async def manifest(self) -> Mapping[str, Entry]:
        self.entered.set()
        await self.go.wait()
        return {}


async def test_a_shut_gate_holds_pushes_and_says_that_they_wait() -> None:
    wanted: list[None] = []
    gate = Gate(lambda: wanted.append(None))
    remote = Remote()
    remote.go.set()
    gated = GatedRemote(remote, gate)
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        await gate.shut()
        push = group.create_task(gated.apply(Batch()))
        while not wanted:
            await asyncio.sleep(0)
        assert remote.taken == [] and not push.done()
        gate.open()
        await push
    assert len(remote.taken) == 1 and len(wanted) == 1


async def test_shutting_waits_for_who_is_inside() -> None:
    gate = Gate(lambda: None)
    remote = Remote()
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        push = group.create_task(GatedRemote(remote, gate).apply(Batch()))
        await remote.entered.wait()
        shutting = group.create_task(gate.shut())
        await asyncio.sleep(0)
        assert not shutting.done()
        remote.go.set()
        await shutting
        assert push.done() or remote.taken
        gate.open()


async def test_who_gives_up_inside_does_not_keep_it_open() -> None:
    gate = Gate(lambda: None)
    remote = Remote()
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        push = group.create_task(GatedRemote(remote, gate).apply(Batch()))
        await remote.entered.wait()
        push.cancel()
        await gate.shut()
