"""Whole runs with a ledger that is broken, held, without room or unreadable."""

import asyncio
import contextlib
import multiprocessing
import sqlite3
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest

from craft_desktop.model.errors import CraftError
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.store import atomic, database
from craft_desktop.workbench.assemble import open_workbench
from tests.conftest import StandaloneHost, tiny_project
from tests.end2end.driver import Preview
from tests.faults.mounts import fill, mounted, needs_mounts
from tests.faults.proxy import FaultProxy
from tests.faults.stage import LIMIT_S, Stage, check_words

RUBBISH = b"this is no database, " * 1000


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_LIMIT_S", 0.2)
    monkeypatch.setattr(atomic, "LOCK_LIMIT_S", 0.2)


def corrupt(state: Path) -> None:
    for path in state.glob("ledger.sqlite*"):
        if ".broken-" not in path.name:
            path.write_bytes(RUBBISH)


def set_aside(state: Path) -> list[Path]:
    return [path for path in state.glob("ledger.sqlite.broken-*") if path.name.rpartition("-")[2].isdecimal()]


async def test_broken_at_the_programs_start(
    paths: Paths,
    elsewhere: StandaloneHost,
    proxied: StandaloneHost,
    proxy: FaultProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a killed program left running is found by the metadata alone, though nothing speaks of it any more."""
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    folder = tiny_project(tmp_path / "p")
    async with open_workbench(paths) as workbench:
        await proxied.choose(workbench)
    async with Preview(tmp_path / "home", folder, "--provider", "e2b") as preview:
        await preview.until("live")
        preview.process.kill()
        await preview.end()
    corrupt(paths.state)
    async with open_workbench(paths) as workbench:
        stage = Stage(workbench, proxy, elsewhere, paths.state)
        async with asyncio.timeout(LIMIT_S):
            while await stage.sandboxes() or stage.open_rows():
                await asyncio.sleep(0.02)
        (aside,) = set_aside(paths.state)
        assert aside.read_bytes() == RUBBISH
        project = await stage.start_live(folder)
        await workbench.close(project.id)
        await stage.nothing_left()


async def test_broken_while_it_runs(stage: Stage, paths: Paths, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    corrupt(paths.state)
    (folder / "later.txt").write_text("saved")
    await stage.is_live(project)
    await stage.workbench.close(project.id)
    assert stage.session(project).phase is Phase.STOPPED
    assert stage.notices() == []
    assert await stage.sandboxes() == []
    corrupt(paths.state)
    await stage.start_live(folder)
    assert len(set_aside(paths.state)) >= 1
    await stage.workbench.close(project.id)
    assert await stage.sandboxes() == []


def hold(file: Path, pipe: Pipe) -> None:
    """Hold the ledger as another program would, until told."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        pipe.send("held")
        pipe.recv()


@contextlib.contextmanager
def held(file: Path) -> Iterator[None]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    holder = multiprocessing.get_context("spawn").Process(target=hold, args=(file, theirs))
    holder.start()
    try:
        assert ours.recv() == "held"
        yield
        ours.send("enough")
    finally:
        holder.join(10)
        assert holder.exitcode == 0


async def test_held_by_another_program(stage: Stage, paths: Paths, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    with held(paths.state / "ledger.sqlite"):
        project = await stage.start(folder)
        problem = await stage.failed(project)
        assert problem.title == "The list of running sandboxes cannot be written"
        assert "locked" in problem.detail
        assert await stage.sandboxes() == []  # nothing is asked for that could be forgotten
    project = await stage.start_live(folder)
    with held(paths.state / "ledger.sqlite"):
        (folder / "later.txt").write_text("saved")
        await stage.is_live(project)
        await stage.workbench.close(project.id)
        assert stage.session(project).phase is Phase.STOPPED
        assert await stage.sandboxes() == []
        async with open_workbench(paths) as other:  # another window opens all the same
            assert [each.id for each in other.projects] == [project.id]
    await stage.start_live(folder)
    await stage.workbench.close(project.id)
    await stage.nothing_left()


@needs_mounts
async def test_no_room_for_it(
    paths: Paths,
    elsewhere: StandaloneHost,
    proxied: StandaloneHost,
    proxy: FaultProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    folder = tiny_project(tmp_path / "p")
    with mounted(paths.state, "1m"):
        filler = fill(paths.state)
        with pytest.raises(CraftError) as refused:
            async with open_workbench(paths):
                pass
        check_words(refused.value.problem)
        assert "Make room" in refused.value.problem.remedy
        filler.unlink()
        async with open_workbench(paths) as workbench:
            await proxied.choose(workbench)
            stage = Stage(workbench, proxy, elsewhere, paths.state)
            project = await workbench.add(folder)
            filler = fill(paths.state)
            await stage.start(folder)
            problem = await stage.failed(project)
            assert "Make room" in problem.remedy and "disk" in problem.detail, problem
            assert await stage.sandboxes() == []  # nothing is asked for that could be forgotten
            filler.unlink()
            await stage.start_live(folder)
            fill(paths.state)
            (folder / "later.txt").write_text("saved")
            await stage.is_live(project)
            await workbench.close(project.id)
            assert stage.session(project).phase is Phase.STOPPED
            assert await stage.sandboxes() == []
            filler.unlink()
            await stage.start_live(folder)
            await workbench.close(project.id)
            await stage.nothing_left()


async def test_a_file_that_cannot_be_opened(
    paths: Paths,
    elsewhere: StandaloneHost,
    proxied: StandaloneHost,
    proxy: FaultProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder in its place: rights alone keep nobody out who is root."""
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    folder = tiny_project(tmp_path / "p")
    file = paths.state / "ledger.sqlite"
    file.mkdir(parents=True)
    with pytest.raises(CraftError) as refused:
        async with open_workbench(paths):
            pass
    check_words(refused.value.problem)
    assert str(file) in refused.value.problem.detail
    file.rmdir()
    async with open_workbench(paths) as workbench:
        await proxied.choose(workbench)
        stage = Stage(workbench, proxy, elsewhere, paths.state)
        project = await stage.start_live(folder)
        await workbench.close(project.id)
        for path in paths.state.glob("ledger.sqlite*"):
            path.unlink()
        file.mkdir()
        await stage.start(folder)
        problem = await stage.failed(project)
        assert str(file) in problem.detail and "writable" in problem.remedy
        file.rmdir()
        await stage.start_live(folder)
        await workbench.close(project.id)
        await stage.nothing_left()
