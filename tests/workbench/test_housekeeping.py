"""What the program clears up by itself: at its start, and behind a project that left the list."""

import asyncio

import pytest

from craft_desktop.model.errors import SandboxUnreachableError
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import FRESH_STEPS
from craft_desktop.sandbox.connection import Connection
from craft_desktop.store.runs import LIVE, RunStore
from craft_desktop.workbench import housekeeping as module
from craft_desktop.workbench.housekeeping import Housekeeping
from tests.workbench.conftest import House, running


@pytest.fixture
def runs(house: House) -> RunStore:
    return RunStore(house.folder / "state")


async def test_a_provider_out_of_reach_is_looked_through_once_it_answers(
    house: House, runs: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.01)
    tenancy = await house.landlord.rent(house.connection, house.project("gone"), {})
    await house.ledger.disown(tenancy.nonce)
    asked: list[Provider] = []

    async def connect(provider: Provider) -> Connection:
        asked.append(provider)
        if len(asked) < 3:
            raise SandboxUnreachableError("It does not answer", "No network.", "Wait.")
        return house.connection

    keeper = Housekeeping(house.ledger, house.again(), house.gallery, runs, connect, lambda: [])
    async with asyncio.timeout(30):
        await keeper.run()
    assert asked == [Provider.LOCAL] * 3
    assert await running(house) == []
    assert await house.ledger.open_rows(Provider.LOCAL) == ()


async def test_where_nothing_is_noted_nobody_is_asked(house: House, runs: RunStore) -> None:
    async def connect(provider: Provider) -> Connection:
        raise AssertionError(provider)

    await Housekeeping(house.ledger, house.landlord, house.gallery, runs, connect, lambda: []).run()


async def test_a_removed_project_leaves_neither_images_nor_history(house: House, runs: RunStore) -> None:
    one, other = house.project("one"), house.project("other")
    for project in (one, other):
        await runs.add(project.id, Provider.LOCAL, Origin.TEMPLATE, 1.0, FRESH_STEPS, LIVE)
        tenancy = await house.landlord.rent(house.connection, project, {}, "key")
        house.landlord.keep_image(tenancy, "key", tell=house.told.append)
        await house.until_told("Kept")
        house.told.clear()
        await house.landlord.release(tenancy)
    before = await house.snapshots()

    async def connect(_: Provider) -> Connection:
        return house.connection

    keeper = Housekeeping(house.ledger, house.landlord, house.gallery, runs, connect, lambda: [other.id])
    await keeper.forget(one.id)
    assert len(await house.snapshots()) == len(before) - 1
    assert await runs.history(one.id) == ()
    assert len(await runs.history(other.id)) == 1
    assert await house.gallery.providers(one.id) == frozenset()
    assert await house.gallery.providers(other.id) == {Provider.LOCAL}
