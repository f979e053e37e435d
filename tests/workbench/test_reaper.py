import asyncio
from typing import cast

from craft_desktop.workbench.reaper import LOOK_S, Reaper
from craft_desktop.workbench.runner import Runner


class Idler:
    """A runner as the reaper sees it."""

    def __init__(self, rest_in_s: float | None) -> None:
        self.rest_in_s = rest_in_s
        self.rested = asyncio.Event()
        self.looked_after = 0

    def rest(self) -> None:
        self.rest_in_s = None
        self.rested.set()

    def look_after(self) -> None:
        self.looked_after += 1


class Clocks:
    """Two clocks that a test moves."""

    def __init__(self) -> None:
        self.own = 1000.0
        self.wall = 1_700_000_000.0


def reaper_of(clocks: Clocks, *idlers: Idler) -> Reaper:
    return Reaper(lambda: cast(list[Runner], list(idlers)), lambda: clocks.own, lambda: clocks.wall)


def test_what_is_idle_goes_to_rest_and_nothing_else() -> None:
    over, under, never = Idler(0.0), Idler(0.4), Idler(None)
    reaper = reaper_of(Clocks(), over, under, never)
    reaper.reap()
    assert [each.rested.is_set() for each in (over, under, never)] == [True, False, False]
    assert reaper.next_in_s() == 0.4
    under.rest_in_s = None
    assert reaper.next_in_s() == LOOK_S


def test_a_computer_that_slept_is_noticed_once() -> None:
    clocks, idler = Clocks(), Idler(100.0)
    reaper = reaper_of(clocks, idler)
    reaper.reap()
    clocks.own += 30
    clocks.wall += 30.2  # an hour's drift is no sleep
    reaper.reap()
    assert idler.looked_after == 0
    clocks.own += 5
    clocks.wall += 3605
    reaper.reap()
    reaper.reap()
    assert idler.looked_after == 1
    assert not idler.rested.is_set()


async def test_deadlines_are_met_and_a_new_one_is_heeded() -> None:
    idler = Idler(None)
    reaper = reaper_of(Clocks(), idler)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(reaper.run())
        await asyncio.sleep(0)
        idler.rest_in_s = 0.0
        reaper.look()
        await idler.rested.wait()
        running.cancel()
