"""After a crash, of the program or of its ledger: nothing runs that nobody knows."""

import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.model.project import Provider
from tests.workbench.conftest import House, running


async def test_reconciling_ends_what_nobody_knows_and_leaves_what_is_others(house: House) -> None:
    known, removed = house.project("known"), house.project("removed")
    names = ("mine", "crashed", "forgotten", "asleep", "lost", "elsewhere", "not ours")
    made: dict[str, str] = {}
    for name, project in zip(("mine", "crashed", "forgotten", "asleep"), (known, known, removed, removed), strict=True):
        tenancy = await house.landlord.rent(house.connection, project, {})
        made[name] = tenancy.sandbox.id
        if name == "asleep":
            await tenancy.sandbox.pause()
        if name != "mine":
            house.ledger.disown(tenancy.nonce)
            house.landlord = house.again()  # as the next start of the program
    for name, metadata in (
        ("lost", {"app": "craft-desktop", "installation": house.installation, "nonce": "of a broken ledger"}),
        ("elsewhere", {"app": "craft-desktop", "installation": "of another computer", "nonce": "x"}),
        ("not ours", {}),
    ):
        made[name] = (await house.connection.create(metadata=metadata, envs={}, timeout_s=60)).id
    house.ledger.ask("never made", known.id, Provider.LOCAL, 1.0)
    house.ledger.disown("never made")
    await house.landlord.reconcile(house.connection, [known.id])
    left = {found.sandbox_id for found in await house.connection.list({})}
    assert {name for name in names if made[name] in left} == {"mine", "crashed", "elsewhere", "not ours"}
    rows = house.ledger.open_rows(Provider.LOCAL)
    assert {row.sandbox_id for row in rows} == {made["mine"], made["crashed"]}


async def test_one_that_could_not_be_ended_is_ended_at_the_next_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenancy = await house.landlord.rent(house.connection, house.project("one"), {})
    with monkeypatch.context() as unreachable:

        async def refuse() -> None:
            raise SandboxError("It does not answer", "no route", "Wait.")

        unreachable.setattr(tenancy.sandbox, "kill", refuse)
        await house.landlord.release(tenancy)
    assert len(await running(house)) == 1
    await house.landlord.reconcile(house.connection, [])
    assert await running(house) == []
    assert house.ledger.open_rows(Provider.LOCAL) == ()


async def test_with_a_broken_ledger_what_ran_is_found_by_the_installation(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {}, "key")
    house.landlord.keep_image(tenancy, "key", tell=house.told.append)
    await house.until_told("Kept")
    for path in (house.folder / "state").glob("ledger.sqlite*"):
        path.write_bytes(b"rubbish " * 2000)
    await house.landlord.reconcile(house.connection, [project.id])
    assert await running(house) == []
    assert await house.snapshots() == []
    again = await house.landlord.rent(house.connection, project, {}, "key")
    assert [row.nonce for row in house.ledger.open_rows(Provider.LOCAL)] == [again.nonce]
