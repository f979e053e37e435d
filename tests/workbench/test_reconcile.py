"""After a crash, of the program or of its ledger: nothing runs that nobody knows."""

import shutil
import sqlite3
from contextlib import closing

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
            await house.ledger.disown(tenancy.nonce)
            house.landlord = house.again()  # as the next start of the program
    for name, metadata in (
        ("lost", {"app": "craft-desktop", "installation": house.installation, "nonce": "of a broken ledger"}),
        ("elsewhere", {"app": "craft-desktop", "installation": "of another computer", "nonce": "x"}),
        ("not ours", {}),
    ):
        made[name] = (await house.connection.create(metadata=metadata, envs={}, timeout_s=60)).id
    await house.ledger.ask("never made", known.id, Provider.LOCAL, 1.0)
    await house.ledger.disown("never made")
    await house.landlord.reconcile(house.connection, [known.id])
    left = {found.sandbox_id for found in await house.connection.list({})}
    assert {name for name in names if made[name] in left} == {"mine", "crashed", "elsewhere", "not ours"}
    rows = await house.ledger.open_rows(Provider.LOCAL)
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
    assert await house.ledger.open_rows(Provider.LOCAL) == ()


async def test_with_a_broken_ledger_what_a_killed_copy_ran_is_found_by_the_installation(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {}, "key")
    house.landlord.keep_image(tenancy, "key", tell=house.told.append)
    await house.until_told("Kept")
    break_ledger(house)
    await house.ledger.aclose()  # as the kernel does: what the copy held is nobody's
    again = house.next_copy()
    await again.landlord.reconcile(house.connection, [project.id])
    assert await running(house) == []
    assert await house.snapshots() == []
    tenancy = await again.landlord.rent(house.connection, project, {}, "key")
    assert [row.nonce for row in await again.ledger.open_rows(Provider.LOCAL)] == [tenancy.nonce]
    await again.aclose()


@pytest.mark.parametrize("fate", ["broken", "removed", "restored"])
async def test_what_a_living_copy_holds_is_never_ended_by_another(house: House, fate: str) -> None:
    project = house.project("one")
    state = house.folder / "state"
    made = await house.landlord.rent(house.connection, project, {})
    if fate == "restored":  # by a backup, of a moment when it was nobody's
        await house.ledger.disown(made.nonce)
        with closing(sqlite3.connect(state / "ledger.sqlite")) as connection:
            connection.execute("VACUUM INTO ?", (str(house.folder / "backup"),))
        held = await house.landlord.rent(house.connection, project, {})
        assert held.sandbox.id == made.sandbox.id
    break_ledger(house, fate)
    other = house.next_copy()
    for known in ([project.id], []):
        await other.landlord.reconcile(house.connection, known)
    assert await running(house) == [made.sandbox.id]
    theirs = await other.landlord.rent(house.connection, project, {})
    assert theirs.sandbox.id != made.sandbox.id
    assert set(await running(house)) == {made.sandbox.id, theirs.sandbox.id}
    await other.landlord.release(theirs)
    await other.aclose()


def break_ledger(house: House, fate: str = "broken") -> None:
    state = house.folder / "state"
    for path in state.glob("ledger.sqlite*"):
        path.unlink() if fate != "broken" else path.write_bytes(b"rubbish " * 2000)
    if fate == "restored":
        shutil.copy(house.folder / "backup", state / "ledger.sqlite")
