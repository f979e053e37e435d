import asyncio
import gc
import logging

import pytest

from craft_desktop.tasks import Owner


class Boom(Exception):
    pass


async def crash() -> None:
    raise Boom("it broke")


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_task_bears_its_owners_name_and_gives_its_result() -> None:
    async def work() -> int:
        return 7

    async with Owner("gateway") as owner:
        task = owner.start(work(), name="listen")
        assert task.get_name() == "gateway: listen"
        assert await task == 7
    assert len(owner) == 0


async def test_the_end_of_an_owner_is_the_end_of_its_tasks() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await for_ever()
        finally:
            await asyncio.sleep(0)  # the end itself may take a turn of the loop; aclose waits for it
            ended.set()

    owner = Owner("session")
    task = owner.start(work(), name="watch")
    await asyncio.sleep(0)
    assert len(owner) == 1
    await owner.aclose()
    assert ended.is_set()
    assert task.cancelled()
    assert len(owner) == 0
    await owner.aclose()


async def test_a_task_is_held_though_nobody_else_holds_it() -> None:
    started, gate = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        await gate.wait()

    async with Owner("session") as owner:
        owner.start(work(), name="watch")
        await started.wait()
        gc.collect()
        assert len(owner) == 1
        gate.set()
        while len(owner):
            await asyncio.sleep(0)


async def test_a_crash_is_told_once_with_the_tasks_name() -> None:
    told: list[tuple[str, str]] = []
    async with Owner("session", lambda name, error: told.append((name, repr(error)))) as owner:
        task = owner.start(crash(), name="sync")
        await asyncio.wait([task])
        await asyncio.sleep(0)
    assert told == [("session: sync", "Boom('it broke')")]


async def test_a_crash_that_nobody_takes_is_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    async with Owner("session") as owner:
        await asyncio.wait([owner.start(crash(), name="sync")])
        await asyncio.sleep(0)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "task session: sync crashed"
    assert record.exc_info is not None
    assert record.exc_info[0] is Boom


async def test_a_crash_on_the_way_out_is_told_too() -> None:
    told: list[str] = []

    async def work() -> None:
        try:
            await for_ever()
        finally:
            raise Boom

    async with Owner("session", lambda name, _: told.append(name)) as owner:
        owner.start(work(), name="watch")
        await asyncio.sleep(0)
    assert told == ["session: watch"]


async def test_a_failure_that_is_awaited_is_the_callers_alone(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    async with Owner("session", lambda name, _: told.append(name)) as owner:
        with pytest.raises(Boom):
            await owner.start(crash(), name="push", awaited=True)
    assert told == []
    assert caplog.records == []


async def test_an_end_by_cancelling_is_no_crash(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    async with Owner("session", lambda name, _: told.append(name)) as owner:
        owner.start(for_ever(), name="watch").cancel()
    assert told == []
    assert caplog.records == []


async def test_a_closed_owner_starts_nothing_and_leaves_no_coroutine_behind() -> None:
    owner = Owner("session")
    assert not owner.is_closed
    await owner.aclose()
    assert owner.is_closed
    work = for_ever()
    with pytest.raises(RuntimeError, match="session is closed; watch was not started"):
        owner.start(work, name="watch")
    with pytest.raises(RuntimeError, match="cannot reuse"):
        await work


async def test_a_task_may_close_its_own_owner() -> None:
    owner = Owner("session")
    other = owner.start(for_ever(), name="watch")

    async def close() -> str:
        await owner.aclose()
        return "closed"

    assert await owner.start(close(), name="stop", awaited=True) == "closed"
    assert other.cancelled()


async def test_a_failing_block_closes_its_owner() -> None:
    owner = Owner("session")
    with pytest.raises(Boom):
        async with owner:
            task = owner.start(for_ever(), name="watch")
            raise Boom
    assert task.cancelled()


async def test_what_is_to_be_finished_ends_though_its_caller_is_cancelled() -> None:
    may_end, done = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        await may_end.wait()
        done.set()
        return "done"

    async with Owner("session") as owner:
        caller = owner.start(owner.finish(work(), name="give back"), name="run")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        caller.cancel()
        may_end.set()
        await asyncio.wait({caller})
        assert caller.cancelled() and done.is_set()
        assert await owner.finish(work(), name="give back") == "done"


async def test_a_failure_of_what_is_finished_is_told_to_who_still_waits(caplog: pytest.LogCaptureFixture) -> None:
    async with Owner("session") as owner:
        with pytest.raises(Boom):
            await owner.finish(crash(), name="give back")
        caller = owner.start(owner.finish(crash(), name="give back"), name="run")
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
    assert caller.cancelled() and "it broke" in caplog.text
