"""What is kept ready: made in time, taken once, kept alive, and ended when nobody wants it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from craft_desktop.model.errors import SandboxUnreachableError
from craft_desktop.sandbox import pool as module
from craft_desktop.sandbox.pool import Pool

LIMIT_S = 10.0


class Outside:
    """Where the things come from; keeps book."""

    def __init__(self) -> None:
        self.size = 2
        self.now = 0.0
        self.alive: list[str] = []
        self.refuses = False
        self._count = 0
        self.pool: Pool[str, str] = Pool(self.make, self.keep, self.end, lambda: self.size, lambda: self.now)

    async def make(self, kind: str) -> str:
        await asyncio.sleep(0)
        if self.refuses:
            raise SandboxUnreachableError("It does not answer", "no", "Wait.")
        self._count += 1
        self.alive.append(f"{kind}{self._count}")
        return self.alive[-1]

    async def keep(self, thing: str) -> bool:
        await asyncio.sleep(0)
        return thing in self.alive

    async def end(self, thing: str) -> None:
        if thing in self.alive:
            self.alive.remove(thing)

    async def until(self, *alive: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while sorted(self.alive) != sorted(alive) or len(self.pool) != len(alive):
                await asyncio.sleep(0)


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    found = Outside()
    yield found
    await found.pool.aclose()
    assert found.alive == [] or found.size == 0


async def test_what_is_wanted_is_made_and_taken_once(outside: Outside) -> None:
    outside.pool.want("a")
    await outside.until("a1", "a2")
    taken = await asyncio.gather(*(outside.pool.take("a") for _ in range(3)))
    assert sorted(map(str, taken)) == ["None", "a1", "a2"]
    outside.alive.clear()


async def test_another_kind_is_not_given(outside: Outside) -> None:
    outside.pool.want("a")
    await outside.until("a1", "a2")
    assert await outside.pool.take("b") is None
    assert len(outside.pool) == 2


async def test_the_kinds_wanted_last_have_the_room(outside: Outside) -> None:
    outside.pool.want("a")
    await outside.until("a1", "a2")
    outside.pool.want("b")
    outside.pool.want("c")
    async with asyncio.timeout(LIMIT_S):
        while {thing[0] for thing in outside.alive} != {"b", "c"}:
            await asyncio.sleep(0)
    assert len(outside.pool) == 2


async def test_one_that_died_is_not_given(outside: Outside) -> None:
    outside.pool.want("a")
    await outside.until("a1", "a2")
    outside.alive.remove("a1")
    assert await outside.pool.take("a") == "a2"
    assert await outside.pool.take("a") is None
    outside.alive.clear()


async def test_a_provider_that_refuses_is_asked_again_at_the_next_want(outside: Outside) -> None:
    outside.refuses = True
    outside.pool.want("a")
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(outside.pool) == 0
    outside.refuses = False
    outside.pool.want("a")
    await outside.until("a1", "a2")


async def test_without_room_nothing_is_made(outside: Outside) -> None:
    outside.size = 0
    outside.pool.want("a")
    for _ in range(10):
        await asyncio.sleep(0)
    assert outside.alive == []


async def test_the_round_ends_what_is_too_much_too_old_or_dead(outside: Outside) -> None:
    outside.pool.want("a")
    await outside.until("a1", "a2")
    await outside.pool.look_after()
    assert len(outside.pool) == 2
    outside.size = 1
    await outside.pool.look_after()
    assert (len(outside.pool), outside.alive) == (1, ["a1"])
    outside.now = module.UNUSED_S
    await outside.pool.look_after()
    assert (len(outside.pool), outside.alive) == (0, [])


async def test_the_rounds_go_by_themselves(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND_S", 0.01)
    outside.pool.want("a")
    await outside.until("a1", "a2")
    outside.alive.remove("a1")
    async with asyncio.timeout(LIMIT_S):
        while len(outside.pool) != 1:
            await asyncio.sleep(0.01)


async def test_closing_while_one_is_being_made_leaves_none(outside: Outside) -> None:
    outside.pool.want("a")
    await asyncio.sleep(0)
    await outside.pool.aclose()
    assert len(outside.pool) == 0
