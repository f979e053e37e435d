"""What is kept when a project is stopped before its quiet moment."""

import asyncio
from pathlib import Path

import pytest

from craft_desktop.model.project import Provider
from craft_desktop.model.session import Phase
from craft_desktop.workbench import gallery, parting
from craft_desktop.workbench.parting import Partings
from craft_desktop.workbench.tenancy import Landlord
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, tiny_project
from tests.workbench.conftest import House, running
from tests.workbench.watching import commands_below


class Things:
    """Things that are kept when they may be, and what became of them."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.kept: list[str] = []
        self.ended: list[str] = []

    async def keep(self, thing: str) -> None:
        await self.may.wait()
        self.kept.append(thing)

    async def end(self, thing: str) -> None:
        self.ended.append(thing)


async def test_what_is_kept_goes_afterwards_and_whoever_waits_is_told() -> None:
    things = Things()
    partings = Partings(things.keep, things.end)
    await partings.ended("one")
    partings.begin("one", "first")
    waiting = asyncio.gather(partings.ended("one"))
    await asyncio.sleep(0)
    assert things.ended == [] and not waiting.done()
    things.may.set()
    await waiting
    assert (things.kept, things.ended) == (["first"], ["first"])
    await partings.aclose()


async def test_what_takes_too_long_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "PART_LIMIT_S", 0.01)
    things = Things()
    partings = Partings(things.keep, things.end)
    partings.begin("one", "first")
    await partings.ended("one")
    assert (things.kept, things.ended) == ([], ["first"])
    await partings.aclose()


async def test_the_end_of_the_program_waits_a_moment_and_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "LAST_LIMIT_S", 0.01)
    things = Things()
    partings = Partings(things.keep, things.end)
    partings.begin("one", "first")
    await partings.aclose()
    assert (things.kept, things.ended) == ([], ["first"])


async def test_a_sandbox_released_before_its_quiet_moment_leaves_its_image(house: House) -> None:
    project = house.project("one")
    tenancy = await house.landlord.rent(house.connection, project, {}, "key")
    await tenancy.sandbox.run("mkdir -p project; echo deps > project/dep")
    house.landlord.keep_image(tenancy, "key", idle_s=lambda: 0.0, tell=house.told.append)
    rested: list[list[str]] = []

    async def rest() -> None:
        rested.append(await running(house))

    await house.landlord.part(tenancy, rest)
    assert rested == [[tenancy.sandbox.id]]  # before it goes, and once
    # a start right behind waits for it
    second = await house.landlord.rent(house.connection, project, {}, "key")
    assert second.image is not None and second.holds == "key"
    assert (await second.sandbox.run("cat project/dep")).stdout == "deps\n"
    assert await running(house) == [second.sandbox.id]
    assert [row.nonce for row in await house.ledger.open_rows(Provider.LOCAL)] == [second.nonce]


async def test_a_quick_stop_is_shown_at_once_and_the_next_start_installs_nothing(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "QUIET_S", 600.0)
    installed = Landlord.installed
    monkeypatch.setattr(Landlord, "installed", lambda self, held, key, _: installed(self, held, key, 31.4))
    project = await workbench.add(tiny_project(tmp_path / "hasty"))
    await workbench.open(project.id)
    await workbench.close(project.id)
    assert workbench.session(project.id).phase is Phase.STOPPED
    assert not any("server.js" in " ".join(command) for command in commands_below())
    await workbench.open(project.id)
    session = workbench.session(project.id)
    assert session.phase is Phase.LIVE, session.problem
    assert [step.note for step in session.steps[:1]] == ["from an earlier start"]
    assert session.steps[2].note == "saved 31 s · from snapshot"
    assert (await fetch(workbench.address(project.id)))[0] == 200


async def test_a_project_removed_at_once_leaves_no_image(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "QUIET_S", 600.0)
    project = await workbench.add(tiny_project(tmp_path / "gone"))
    await workbench.open(project.id)
    connection = await workbench._places.connection(Provider.LOCAL)
    await workbench.remove(project.id)
    async with asyncio.timeout(30):
        while any("forget" in task.get_name() or "part with" in task.get_name() for task in asyncio.all_tasks()):
            await asyncio.sleep(0.02)
    assert list(await connection.snapshots()) == []
