import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from craft_desktop.host.bodies import BadRequest
from craft_desktop.host.creations import Creations
from craft_desktop.host.registry import Registry, Sandbox

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Maker:
    """Makes a sandbox a call; the first fails if told so."""

    def __init__(self, registry: Registry, *, fail: bool = False) -> None:
        self.made = 0
        self._registry = registry
        self._fail = fail

    async def make(self) -> Sandbox:
        self.made += 1
        await asyncio.sleep(0)
        if self._fail and self.made == 1:
            raise OSError("full")
        sandbox = Sandbox(f"i{self.made:020d}", "base", NOW, NOW, 60)
        self._registry.put(sandbox)
        return sandbox


async def test_the_same_key_makes_one() -> None:
    registry = Registry()
    maker = Maker(registry)
    async with aclosing(Creations()) as creations:
        calls = [creations.once("k", "d", maker.make, registry) for _ in range(3)]
        assert len({sandbox.sandbox_id for sandbox in await asyncio.gather(*calls)}) == 1
        assert (await creations.once("other", "d", maker.make, registry)).sandbox_id.endswith("2")
        with pytest.raises(BadRequest):
            await creations.once("k", "another request", maker.make, registry)


async def test_a_key_is_free_again_when_its_sandbox_ended_or_never_was() -> None:
    registry = Registry()
    maker = Maker(registry, fail=True)
    async with aclosing(Creations()) as creations:
        with pytest.raises(OSError, match="full"):
            await creations.once("k", "d", maker.make, registry)
        second = await creations.once("k", "d", maker.make, registry)
        registry.remove(second.sandbox_id)
        third = await creations.once("k", "d", maker.make, registry)
        assert third.sandbox_id != second.sandbox_id


async def test_who_goes_away_does_not_end_what_was_asked() -> None:
    registry = Registry()
    maker = Maker(registry)
    async with aclosing(Creations()) as creations:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await creations.once("k", "d", maker.make, registry)
        await creations.once("k", "d", maker.make, registry)
        assert maker.made == 1
