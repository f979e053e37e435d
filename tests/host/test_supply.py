import asyncio
from contextlib import aclosing

from craft_desktop.host.cell import Cell
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.supply import Supply, free_port

SPARE_TIMEOUT_S = 20


async def spare_of(supply: Supply) -> Cell:
    async with asyncio.timeout(SPARE_TIMEOUT_S):
        while (cell := supply.take()) is None:
            await asyncio.sleep(0.01)
    return cell


async def test_one_is_kept_ready_and_followed_when_asked(machine: Machine, ground: Ground) -> None:
    async with aclosing(Supply(machine, ground)) as supply:
        supply.start()
        first = await spare_of(supply)
        assert first.is_alive
        assert supply.take() is None
        supply.replenish()
        second = await spare_of(supply)
        assert second.name != first.name
        await asyncio.gather(first.stop(), second.stop())


async def test_the_spare_ends_with_its_supply(machine: Machine, ground: Ground) -> None:
    supply = Supply(machine, ground)
    supply.start()
    async with asyncio.timeout(SPARE_TIMEOUT_S):
        while not (ground.folder / "b").exists():
            await asyncio.sleep(0.001)
    await supply.aclose()  # while the spare is perhaps just being started
    assert list((ground.folder / "b").iterdir()) == []


async def test_without_walls_there_is_none(plain_machine: Machine, ground: Ground) -> None:
    async with aclosing(Supply(plain_machine, ground)) as supply:
        supply.start()
        supply.replenish()
        await asyncio.sleep(0)
        assert supply.take() is None
        assert not (ground.folder / "b").exists()


def test_a_port_is_not_given_twice() -> None:
    one = free_port(set())
    assert free_port({one}) != one
