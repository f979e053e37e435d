import asyncio

from craft_desktop.model.operations import Wipe
from craft_desktop.workbench.orders import Orders


async def test_each_order_is_kept_until_it_is_taken_once() -> None:
    orders = Orders()
    orders.restart()
    orders.restart()
    orders.look()
    orders.sleep()
    async with asyncio.timeout(10):
        await orders.wait()
        assert orders.is_restart_asked
        assert (orders.take_restart(), orders.take_look(), orders.take_sleep()) == (True, True, True)
        assert (orders.take_restart(), orders.take_look(), orders.take_sleep()) == (False, False, False)


async def test_waiting_ends_with_the_next_order() -> None:
    orders = Orders()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        waiting = group.create_task(orders.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        orders.look()
        await waiting


async def test_use_takes_sleep_back_and_wakes() -> None:
    orders = Orders()
    orders.sleep()
    orders.wake()
    assert not orders.take_sleep()
    async with asyncio.timeout(10):
        await orders.wait_for_wake()
        orders.sleep()
        assert orders.take_sleep()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(orders.wait_for_wake())
            await asyncio.sleep(0)
            assert not waiting.done()
            orders.restart()  # a restart wants the sandbox too
            await waiting


async def test_the_wipe_that_goes_furthest_counts_and_is_taken_by_itself() -> None:
    orders = Orders()
    assert orders.take_wipe() is Wipe.NOTHING
    orders.restart(Wipe.INSTALLED)
    orders.restart(Wipe.BUILT)
    orders.restart()
    assert orders.take_restart()
    async with asyncio.timeout(10):
        await orders.wait()  # the restart is taken; what is to be deleted still is
    assert orders.wipe is Wipe.INSTALLED
    assert (orders.take_wipe(), orders.take_wipe()) == (Wipe.INSTALLED, Wipe.NOTHING)
