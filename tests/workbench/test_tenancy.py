"""Sandboxes rented and given back: none is forgotten, however the program ends."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Phase
from craft_desktop.model.settings import Settings
from craft_desktop.paths import Paths
from craft_desktop.sandbox.answers import Found
from craft_desktop.workbench.assemble import open_workbench
from tests.conftest import StandaloneHost, fetch, files_of, tiny_project
from tests.end2end.driver import Preview
from tests.workbench.conftest import LIMIT_S, House, running

LOCAL = Provider.LOCAL


@pytest.fixture
def key(elsewhere: StandaloneHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)


@pytest.mark.usefixtures("key")
async def test_a_sandbox_left_behind_is_taken_over(paths: Paths, elsewhere: StandaloneHost, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "survivor")
    (folder / "stale.txt").write_text("gone before the next start")
    async with open_workbench(paths) as workbench:
        await elsewhere.choose(workbench)
    async with Preview(tmp_path / "home", folder, "--provider", "e2b") as preview:
        live = await preview.until("live")
        preview.process.kill()
        assert await preview.end() == -signal.SIGKILL
    (folder / "stale.txt").unlink()
    async with open_workbench(paths) as workbench:
        project = await workbench.add(folder)
        await workbench.open(project.id, Provider.E2B)
        session = workbench.session(project.id)
        assert session.phase is Phase.LIVE, session.problem
        assert session.sandbox_id == live["sandbox_id"]
        assert session.steps[0].note == "reused"
        assert (await fetch(workbench.address(project.id)))[1].count("stale.txt") == 0
        assert files_of(folder).keys() >= {"server.js", "package.json"}
        await workbench.close(project.id)
        assert "no preview" in await workbench.test_key()


@pytest.mark.usefixtures("key")
async def test_a_sandbox_no_longer_wanted_is_ended_once_it_is_made(
    paths: Paths, elsewhere: StandaloneHost, tmp_path: Path
) -> None:
    async with open_workbench(paths) as workbench:
        await elsewhere.choose(workbench)
        project = await workbench.add(tiny_project(tmp_path / "hasty"))
        for turns in range(1, 40, 3):  # a stop at ever later points of the start
            starting = asyncio.gather(workbench.open(project.id, Provider.E2B))
            for _ in range(turns):
                await asyncio.sleep(0)
            await workbench.close(project.id)
            await starting
            assert workbench.session(project.id).phase is Phase.STOPPED
        async with asyncio.timeout(10):
            while "no preview" not in await workbench.test_key():
                await asyncio.sleep(0.05)


async def test_what_is_rented_has_its_row_and_its_name_first(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {}, envs={"GIVEN": "yes"})
    (row,) = await house.ledger.open_rows(Provider.LOCAL)
    assert (row.nonce, row.project_id, row.sandbox_id) == (tenancy.nonce, project.id, tenancy.sandbox.id)
    (found,) = await house.connection.list({})
    assert found.metadata == {
        "app": "craft-desktop",
        "installation": house.installation,
        "project": project.id,
        "nonce": tenancy.nonce,
    }
    assert (await tenancy.sandbox.run("echo $GIVEN")).stdout == "yes\n"
    assert tenancy.node
    await house.landlord.release(tenancy)
    assert await house.ledger.open_rows(Provider.LOCAL) == ()
    assert await running(house) == []


@pytest.mark.parametrize("asleep", [False, True])
async def test_the_newest_left_behind_is_taken_over_and_the_others_end(house: House, asleep: bool) -> None:
    project = house.project("one")
    older, newer = [await house.landlord.rent(house.connection, project, {}) for _ in range(2)]
    await house.landlord.installed(newer, "key", 1.0)
    for tenancy in (older, newer):
        if asleep:
            await tenancy.sandbox.pause()
        await house.ledger.disown(tenancy.nonce)
    found = await house.landlord.rent(house.connection, project, {}, "key")
    assert (found.origin, found.sandbox.id, found.holds) == (Origin.ADOPTED, newer.sandbox.id, "key")
    assert found.reused and found.holds_copy
    assert (await found.sandbox.run("echo awake")).stdout == "awake\n"
    assert await running(house) == [newer.sandbox.id]


async def test_an_install_that_was_cut_off_is_not_believed(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {}, "key")
    await house.landlord.installed(tenancy, "key", 1.0)
    await house.landlord.installing(tenancy)
    await house.ledger.disown(tenancy.nonce)
    assert (await house.landlord.rent(house.connection, project, {}, "key")).holds is None


async def test_one_that_went_away_meanwhile_is_made_anew(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {})
    await tenancy.sandbox.kill()
    await house.ledger.disown(tenancy.nonce)
    assert (await house.landlord.rent(house.connection, project, {})).origin is Origin.TEMPLATE
    assert len(await house.ledger.open_rows(Provider.LOCAL)) == 1


async def test_a_start_stopped_while_it_takes_one_over_leaves_it_for_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {})
    await house.ledger.disown(tenancy.nonce)
    asked = asyncio.Event()

    async def wait_for_ever(sandbox_id: str, **_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as hanging:
        hanging.setattr(house.connection, "connect", wait_for_ever)
        renting = house.owner.start(house.landlord.rent(house.connection, project, {}), name="rent", awaited=True)
        async with asyncio.timeout(LIMIT_S):
            await asked.wait()
        assert await house.ledger.left_behind(Provider.LOCAL) == ()
        renting.cancel()
        await asyncio.wait([renting])
    assert [row.nonce for row in await house.ledger.left_behind(Provider.LOCAL)] == [tenancy.nonce]
    assert (await house.landlord.rent(house.connection, project, {})).sandbox.id == tenancy.sandbox.id


async def test_a_provider_that_fails_after_one_was_taken_over_costs_none(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = house.project("one")
    older, newer = [await house.landlord.rent(house.connection, project, {}) for _ in range(2)]
    for tenancy in (older, newer):
        await house.ledger.disown(tenancy.nonce)
    list_all = house.connection.list

    async def fail_for_the_older(metadata: Mapping[str, str]) -> Sequence[Found]:
        if metadata.get("nonce") == older.nonce:
            raise SandboxError("It does not answer", "no route", "Wait.")
        return await list_all(metadata)

    with monkeypatch.context() as failing:
        failing.setattr(house.connection, "list", fail_for_the_older)
        with pytest.raises(SandboxError, match="no route"):
            await house.landlord.rent(house.connection, project, {})
    left = await house.ledger.left_behind(Provider.LOCAL)
    assert {row.nonce for row in left} == {older.nonce, newer.nonce}


async def test_a_list_that_cannot_be_written_leaves_no_sandbox(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(nonce: str, sandbox_id: str) -> None:
        raise SandboxError("The list cannot be written", "The disk is full", "Make room.")

    monkeypatch.setattr(house.ledger, "made", refuse)
    with pytest.raises(SandboxError, match="The disk is full"):
        await house.landlord.rent(house.connection, house.project("one"), {})
    assert await running(house) == []


async def test_two_copies_take_over_one_sandbox_once(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {})
    await house.ledger.disown(tenancy.nonce)
    rents = (each.rent(house.connection, project, {}) for each in (house.landlord, house.again()))
    both = await asyncio.gather(*rents)
    assert sorted(each.origin for each in both) == [Origin.ADOPTED, Origin.TEMPLATE]
    assert len(await running(house)) == 2


class TestPool:
    @pytest.fixture
    async def settings(self) -> Settings:
        return Settings(pool_size=1)

    async def until_ready(self, house: House, count: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while (
                sum(row.project_id == "" and bool(row.sandbox_id) for row in await house.ledger.open_rows(LOCAL))
                != count
            ):
                await asyncio.sleep(0.02)

    async def test_a_start_takes_what_was_made_ready(self, house: House) -> None:
        one, other = house.project("one"), house.project("other")
        await house.landlord.rent(house.connection, one, {})
        await self.until_ready(house, 1)
        (ready,) = [row for row in await house.ledger.open_rows(LOCAL) if not row.project_id]
        # With values of its own in the environment, a sandbox is made with them.
        third = await house.landlord.rent(house.connection, house.project("third"), {}, envs={"A": "1"})
        assert third.origin is Origin.TEMPLATE
        second = await house.landlord.rent(house.connection, other, {})
        assert (second.origin, second.nonce, second.holds_copy) == (Origin.POOLED, ready.nonce, False)
        await self.until_ready(house, 1)
        await house.landlord.aclose()
        assert {row.project_id for row in await house.ledger.open_rows(LOCAL)} == {
            one.id,
            other.id,
            third.asked.project.id,
        }
        assert len(await running(house)) == 3

    async def test_the_next_start_of_a_project_finds_its_image_ready_and_nobody_else_does(self, house: House) -> None:
        one, other = house.project("one"), house.project("other")
        first = await house.landlord.rent(house.connection, one, {}, "key")
        await first.sandbox.run("mkdir -p project; echo secret > project/.env")
        await house.landlord.installed(first, "key", 5.0)
        house.landlord.keep_image(first, "key", tell=house.told.append)
        await house.until_told("Kept")
        await house.landlord.release(first)
        await house.landlord.expect(first)
        async with asyncio.timeout(LIMIT_S):
            while [row.holds for row in await house.ledger.open_rows(LOCAL) if not row.project_id] != ["key"]:
                await asyncio.sleep(0.02)
        stranger = await house.landlord.rent(house.connection, other, {}, "key")
        assert (stranger.origin, stranger.holds) == (Origin.TEMPLATE, None)
        await house.landlord.expect(first)
        async with asyncio.timeout(LIMIT_S):
            while [row.holds for row in await house.ledger.open_rows(LOCAL) if not row.project_id] != ["key"]:
                await asyncio.sleep(0.02)
        second = await house.landlord.rent(house.connection, one, {}, "key")
        assert (second.origin, second.holds, second.holds_copy) == (Origin.POOLED, "key", True)
        assert (await second.sandbox.run("cat project/.env")).stdout == "secret\n"
        await house.landlord.aclose()


async def test_a_variable_taken_back_before_it_is_taken_over_is_gone(house: House) -> None:
    project = house.project("one")
    made = await house.landlord.rent(house.connection, project, {}, envs={"TAKEN_BACK": "secret", "KEPT": "old"})
    await house.ledger.disown(made.nonce)
    found = await house.landlord.rent(house.connection, project, {}, envs={"KEPT": "new"})
    assert (found.origin, found.sandbox.id) == (Origin.ADOPTED, made.sandbox.id)
    said: list[str] = []
    process = await found.sandbox.start(
        'echo "$TAKEN_BACK,$KEPT"', cwd=".", envs={"KEPT": "new"}, on_output=said.append
    )
    assert await process.wait() == 0
    assert "".join(said) == ",new\n"


async def test_one_made_with_another_node_is_not_taken_over(house: House) -> None:
    project = house.project("one")
    made = await house.landlord.rent(house.connection, project, {"kind": "older"})
    await house.ledger.disown(made.nonce)
    assert (await house.landlord.rent(house.connection, project, {})).origin is Origin.TEMPLATE
    assert made.sandbox.id not in await running(house)


async def test_a_used_sandbox_is_not_believed_about_the_node_of_others(house: House) -> None:
    one = house.project("one")
    first = await house.landlord.rent(house.connection, one, {})
    await first.sandbox.write([(".profile", b"node() { echo v0.0.1; }\n")])
    await house.landlord.leave(first, 60)
    landlord = house.again()
    used = await landlord.rent(house.connection, one, {})
    assert (used.origin, used.node) == (Origin.ADOPTED, "0.0.1")
    fresh = await landlord.rent(house.connection, house.project("two"), {})
    assert fresh.node == first.node != "0.0.1"
