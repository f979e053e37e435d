"""A sandbox that cannot be reached at its end: ended as soon as it can, unless somebody uses it by then."""

import asyncio

import pytest

from craft_desktop.model.errors import SandboxUnreachableError
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.workbench import endings as module
from craft_desktop.workbench.endings import Endings
from tests.workbench.conftest import LIMIT_S, House, running


class Line:
    """What lies between the program and a sandbox: out of order for so many calls."""

    def __init__(self, broken: int) -> None:
        self.broken = broken
        self.calls = 0

    async def pass_on(self) -> None:
        self.calls += 1
        if self.calls <= self.broken:
            raise SandboxUnreachableError("It does not answer", "No network.", "Wait.")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_FIRST_S", 0.05)


async def test_it_is_ended_once_the_network_is_back(house: House) -> None:
    tenancy = await house.landlord.rent(house.connection, house.project("one"), {})
    line = Line(broken=3)

    async def kill() -> None:
        await line.pass_on()
        await tenancy.sandbox.kill()

    await Endings(house.ledger, house.owner, 600).end(tenancy.nonce, [kill])
    assert await running(house) == [tenancy.sandbox.id]
    async with asyncio.timeout(LIMIT_S):
        while await house.ledger.open_rows(Provider.LOCAL):
            await asyncio.sleep(0.02)
    assert await running(house) == [] and line.calls == 4


async def test_one_that_the_next_start_took_over_goes_on(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {})
    line = Line(broken=1)
    before = len(house.owner)
    await Endings(house.ledger, house.owner, 600).end(tenancy.nonce, [line.pass_on])
    assert len(house.owner) == before + 1
    taken = await house.landlord.rent(house.connection, project, {})
    assert (taken.origin, taken.sandbox.id) == (Origin.ADOPTED, tenancy.sandbox.id)
    async with asyncio.timeout(LIMIT_S):
        while len(house.owner) > before:
            await asyncio.sleep(0.02)
    assert line.calls == 1 and await running(house) == [tenancy.sandbox.id]


async def test_after_its_own_timeout_nobody_asks_any_more(house: House) -> None:
    tenancy = await house.landlord.rent(house.connection, house.project("one"), {})
    line = Line(broken=99)
    before = len(house.owner)
    await Endings(house.ledger, house.owner, 0.2).end(tenancy.nonce, [line.pass_on])
    async with asyncio.timeout(LIMIT_S):
        while len(house.owner) > before:
            await asyncio.sleep(0.02)
    assert 1 < line.calls < 8
    assert [row.nonce for row in await house.ledger.left_behind(Provider.LOCAL)] == [tenancy.nonce]
