import asyncio
import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from craft_desktop.sync.threads import SWEPT_OBJECTS, SWITCH_S, at_rest, change_in_thread, look_in_thread
from craft_desktop.tasks import Owner


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    switch_s = sys.getswitchinterval()
    yield
    sys.setswitchinterval(switch_s)
    gc.enable()
    gc.unfreeze()


def test_the_collector_rests_and_goes_on_whatever_happens() -> None:
    assert at_rest(gc.isenabled) is False
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        at_rest(lambda: 1 // 0)
    assert gc.isenabled()
    assert sys.getswitchinterval() <= SWITCH_S * 1.001


def test_one_that_rests_already_is_left_at_rest() -> None:
    assert at_rest(lambda: (at_rest(int), gc.isenabled())) == (0, False)
    assert gc.isenabled()


def test_much_that_was_made_is_out_of_its_sight_and_little_is_not() -> None:
    gc.unfreeze()
    gc.collect()
    few = at_rest(lambda: [[number] for number in range(10)])
    assert gc.get_freeze_count() == 0
    many = at_rest(lambda: [[number] for number in range(2 * SWEPT_OBJECTS)])
    assert gc.get_freeze_count() > 2 * SWEPT_OBJECTS
    assert len(few) < len(many)


async def test_a_look_is_made_in_a_thread() -> None:
    assert await look_in_thread(threading.current_thread) is not threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        await look_in_thread(lambda: 1 // 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_change_is_done_before_its_cancellation_is(fails: bool) -> None:
    begun, may_end = threading.Event(), threading.Event()
    done: list[int] = []

    def change() -> None:
        begun.set()
        may_end.wait(10)
        done.append(1)
        if fails:
            raise ZeroDivisionError

    async with Owner("test") as owner:
        changing = owner.start(change_in_thread(change), name="change", awaited=True)
        await asyncio.to_thread(begun.wait, 10)
        changing.cancel()
        asyncio.get_running_loop().call_later(0.05, may_end.set)
        with pytest.raises(asyncio.CancelledError):
            await changing
    assert done == [1]
