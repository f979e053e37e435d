"""Whole runs with a ledger that is broken, held, without room or unreadable."""

import asyncio
import contextlib
import multiprocessing
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import pytest

from craft_desktop.model.errors import CraftError
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.store import atomic, database
from craft_desktop.workbench.assemble import open_workbench
from tests.conftest import StandaloneHost, fetch, tiny_project
from tests.end2end.driver import Preview
from tests.faults.mounts import fill, mounted, needs_mounts
from tests.faults.proxy import FaultProxy
from tests.faults.stage import LIMIT_S, Stage, check_words

RUBBISH = b"this is no database, " * 1000
HELD_S = 2.0
# 26 to 75 ms on two processors that had nine times the work they can do (measured); HELD_S, if the loop waited.
STALL_S = 0.5


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


async def test_held_for_seconds_it_holds_nobody_up(
    stage: Stage, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for a sandbox waits for its row; the loop goes on, and with it every other project."""
    monkeypatch.setattr(database, "BUSY_LIMIT_S", 60.0)
    file = paths.state / "ledger.sqlite"
    one = await stage.start_live(tiny_project(tmp_path / "one"))
    other = await stage.workbench.add(tiny_project(tmp_path / "other"))
    on_the_loop: list[object] = []
    connect = sqlite3.connect

    def noted(*arguments: Any, **options: Any) -> sqlite3.Connection:
        if threading.current_thread() is threading.main_thread():
            on_the_loop.append(arguments)
        found: sqlite3.Connection = connect(*arguments, **options)
        return found

    with held(file), monkeypatch.context() as watched:
        watched.setattr(sqlite3, "connect", noted)
        before = await stage.sandboxes()
        starting = asyncio.gather(stage.workbench.open(other.id, Provider.E2B))
        await stage.phase(other, Phase.CREATING)
        began = at = time.monotonic()
        longest_s = 0.0
        (one.path / "later.txt").write_text("saved")
        answers = asyncio.gather(stage.is_live(one))
        while at < began + HELD_S:
            await asyncio.sleep(0.005)
            assert stage.workbench.status(one.id).session.phase is Phase.LIVE
            assert stage.workbench.log(one.id)
            longest_s = max(longest_s, time.monotonic() - at)
            at = time.monotonic()
        await answers  # a save and a page, meanwhile
        assert stage.session(other).phase is Phase.CREATING
        assert await stage.sandboxes() == before  # nothing is asked for before its row is there
    assert longest_s < STALL_S, f"{longest_s * 1000:.0f} ms"
    assert on_the_loop == []
    async with asyncio.timeout(LIMIT_S):
        await starting
    await stage.is_live(other)
    assert len(stage.open_rows()) == 2
    async with asyncio.timeout(LIMIT_S):
        while times_of(file) != {one.id, other.id}:
            await asyncio.sleep(0.02)
    for project in (one, other):
        await stage.workbench.close(project.id)
    await stage.nothing_left()


def times_of(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as ledger:
        return {row[0] for row in ledger.execute("SELECT project_id FROM runs WHERE outcome = 'live'")}


async def test_stopped_while_its_row_waits(
    stage: Stage, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_LIMIT_S", 60.0)
    project = await stage.workbench.add(tiny_project(tmp_path / "p"))
    with held(paths.state / "ledger.sqlite"):
        starting = asyncio.gather(stage.workbench.open(project.id, Provider.E2B))
        async with asyncio.timeout(LIMIT_S):
            while not any("+" in path.read_text() for path in paths.state.glob("held/*")):
                await asyncio.sleep(0.005)  # claimed, so that its row is what it waits for
        closing = asyncio.gather(stage.workbench.close(project.id))
        await stage.phase(project, Phase.STOPPING)
        async with asyncio.timeout(LIMIT_S):
            await starting  # who waited for the page need not wait for the file
    async with asyncio.timeout(LIMIT_S):
        await closing
    assert stage.session(project).phase is Phase.STOPPED
    assert not any("POST" in request and "/sandboxes" in request for request in stage.proxy.requests)
    await stage.nothing_left()


@pytest.mark.parametrize("fate", ["broken", "removed"])
async def test_another_copy_ends_nothing_of_a_living_one(
    paths: Paths,
    elsewhere: StandaloneHost,
    proxied: StandaloneHost,
    proxy: FaultProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fate: str,
) -> None:
    """Two real processes on one state folder: the second one's ledger knows nothing of what the first one holds."""
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    folder = tiny_project(tmp_path / "p")
    async with open_workbench(paths) as workbench:
        await proxied.choose(workbench)
    async with Preview(tmp_path / "home", folder, "--provider", "e2b") as preview:
        url = (await preview.until("live"))["url"]
        async with between_statements(preview, paths.state):
            if fate == "broken":
                corrupt(paths.state)
            else:
                for path in paths.state.glob("ledger.sqlite*"):
                    path.unlink()
        async with open_workbench(paths) as workbench:
            stage = Stage(workbench, proxy, elsewhere, paths.state)
            (sandbox_id,) = await stage.sandboxes()
            await looked_through(stage)
            assert await stage.sandboxes() == [sandbox_id]
            assert (await fetch(url))[0] == 200
            assert len(stage.open_rows()) == 1
        assert await stage.sandboxes() == [sandbox_id]
        preview.process.kill()
        await preview.end()
    async with open_workbench(paths) as workbench:
        stage = Stage(workbench, proxy, elsewhere, paths.state)
        project = await stage.start_live(folder)  # now it is anybody's, and known
        assert stage.session(project).sandbox_id == sandbox_id
        await workbench.close(project.id)
        await stage.nothing_left()


@contextlib.asynccontextmanager
async def between_statements(preview: Preview, state: Path) -> AsyncIterator[None]:
    """Have the program stand still while it has no ledger open: else it writes back what it holds of the file."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            preview.process.send_signal(signal.SIGSTOP)
            if not (state / "ledger.sqlite-wal").exists():
                break
            preview.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.02)
    try:
        yield
    finally:
        preview.process.send_signal(signal.SIGCONT)


async def looked_through(stage: Stage) -> None:
    """Wait until every provider was looked through after the loss of the file."""
    async with asyncio.timeout(LIMIT_S):
        while any("lost with a file" in row for row in stage.open_rows()):
            await asyncio.sleep(0.02)


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
        assert await stage.sandboxes() == []
    async with open_workbench(paths) as workbench:  # looks for what the removed file may have spoken of
        await Stage(workbench, proxy, elsewhere, paths.state).nothing_left()
