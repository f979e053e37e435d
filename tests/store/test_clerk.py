"""The thread that stands between a store's file and the loop."""

import asyncio
import threading

import pytest

from craft_desktop.store.clerk import Clerk, by_clerk

LIMIT_S = 20.0


class Book:
    """What a store is: an object with a clerk, whose methods block."""

    def __init__(self) -> None:
        self._clerk = Clerk("book")
        self.lines: list[str] = []
        self.may_go_on = threading.Event()

    @by_clerk
    def write(self, line: str, *, waits: bool = False) -> int:
        """Write a line."""
        if waits:
            assert self.may_go_on.wait(LIMIT_S)
        self.lines.append(line)
        return len(self.lines)

    @by_clerk
    def fail(self) -> None:
        """Fail when told."""
        assert self.may_go_on.wait(LIMIT_S)
        raise ValueError("torn")

    @by_clerk
    def thread(self) -> str:
        """Tell who does it."""
        return threading.current_thread().name

    async def aclose(self) -> None:
        """Close it."""
        await self._clerk.aclose()


async def test_the_loop_goes_on_while_one_thing_is_done_after_the_other() -> None:
    book = Book()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        first = group.create_task(book.write("first", waits=True))
        second = group.create_task(book.write("second"))
        await asyncio.sleep(0)
        assert book.lines == []  # we are here, and it waits
        book.may_go_on.set()
    assert (first.result(), second.result()) == (1, 2)
    assert book.lines == ["first", "second"]
    assert (await book.thread()).startswith("book")
    await book.aclose()
    await book.aclose()


async def test_what_it_raises_comes_through() -> None:
    book = Book()
    book.may_go_on.set()
    with pytest.raises(ValueError, match="torn"):
        await book.fail()
    await book.aclose()


async def test_who_is_cancelled_does_not_wait_and_it_is_done_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    book = Book()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        asked = [group.create_task(book.write("a", waits=True)), group.create_task(book.fail())]
        asked.append(group.create_task(book.write("b")))
        await asyncio.sleep(0)  # each has asked
        for task in asked:
            task.cancel()
        await asyncio.wait(asked)
        assert all(task.cancelled() for task in asked)
        assert book.lines == []
        book.may_go_on.set()
        assert await book.write("c") == 3  # after what was asked for before
    assert book.lines == ["a", "b", "c"]
    assert "torn" in caplog.text
    await book.aclose()


async def test_closing_waits_for_what_was_asked() -> None:
    book = Book()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        asked = group.create_task(book.write("late", waits=True))
        await asyncio.sleep(0)
        asked.cancel()
        closing = group.create_task(book.aclose())
        await asyncio.sleep(0)
        book.may_go_on.set()
        await closing
    assert book.lines == ["late"]
