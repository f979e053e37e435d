"""Faults of the wire after the first page: the page goes on where it can, and the person is told."""

import asyncio
import time
from pathlib import Path

import pytest
from e2b import AsyncSandbox

from craft_desktop.model.errors import Problem
from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase
from craft_desktop.sandbox import connection, faults, upload
from craft_desktop.workbench import heartbeat
from craft_desktop.workbench.reaper import Reaper
from tests.conftest import fetch, tiny_project
from tests.faults.proxy import Answer, Cut, Reset, Stall
from tests.faults.stage import CREATE, HEARTBEAT, PAUSE, RESUME, UPLOAD, Stage, options_of


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_LIMIT_S", 2.0)
    monkeypatch.setattr(faults, "BUSY_PAUSES_S", (0.05, 0.1))
    monkeypatch.setattr(upload, "UPLOAD_ANSWER_S", 1.0)
    monkeypatch.setattr(heartbeat, "AGAIN_S", 0.1)


async def told(stage: Stage, part: str) -> Problem:
    """Wait until a notice is told whose title holds `part`."""
    async with asyncio.timeout(20):
        while True:
            for problem in stage.notices():
                if part in problem.title:
                    return problem
            await asyncio.sleep(0.01)


async def asleep(stage: Stage, project: Project) -> None:
    await stage.workbench.change_setting("when_idle", "sleep")
    stage.workbench.rest(project.id)
    await stage.watcher.phase(Phase.ASLEEP)


async def test_a_broken_line_is_joined_again(stage: Stage, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    before = stage.session(project)
    stage.proxy.reset_all()
    await told(stage, "does not answer")
    async with asyncio.timeout(20):
        while not any("answers again" in line.text for line in stage.workbench.log(project.id)):
            await asyncio.sleep(0.02)
    # away for longer, with an edit meanwhile
    stage.proxy.cut()
    (folder / "offline.txt").write_text("saved while the network was away")
    async with asyncio.timeout(20):
        while sum("does not answer" in problem.title for problem in stage.notices()) < 3:
            await asyncio.sleep(0.02)
    await stage.proxy.heal()
    await stage.is_live(project)
    after = stage.session(project)
    assert (after.sandbox_id, after.pid) == (before.sandbox_id, before.pid)


@pytest.mark.parametrize(
    ("fault", "title"),
    [
        (Answer(429), "is busy"),
        (Answer(500), "fault of its own"),
        (Stall(sent=20), "does not answer"),
        (Reset(), "does not answer"),
    ],
)
async def test_a_save_arrives_in_the_end(
    stage: Stage, tmp_path: Path, fault: Answer | Stall | Reset, title: str
) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    rule = stage.proxy.rule(UPLOAD, fault, times=3 if isinstance(fault, Answer) else 1)
    (folder / "saved.txt").write_text("saved")
    await told(stage, title)
    await stage.is_live(project)
    assert rule.struck.is_set()
    assert len(stage.notices()) == 1
    assert stage.session(project).phase is Phase.LIVE


async def test_a_large_upload_that_stands_still_is_noticed_by_its_progress(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "STALL_LIMIT_S", 1.5)
    folder = tiny_project(tmp_path / "p")
    for number in range(24):  # one batch, larger than what the sockets on the way swallow
        (folder / f"{number}.bin").write_bytes(bytes([number]) * 1_000_000)
    (folder / "large.bin").write_bytes(b"x" * 20_000_000)
    stage.proxy.rule(UPLOAD, Stall(sent=100_000), times=1)
    began = time.monotonic()
    project = await stage.start(folder)
    problem = await stage.failed(project)
    assert "does not answer" in problem.title and "in time" in problem.detail
    assert time.monotonic() - began < 10
    await stage.proxy.heal()
    await stage.start_live(folder)


async def test_a_revoked_key_is_told_and_ends_nothing_that_runs(stage: Stage, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    sandbox_id = stage.session(project).sandbox_id
    assert sandbox_id is not None
    beat = stage.proxy.rule(HEARTBEAT, Answer(401, "the key was revoked"))
    stage.proxy.rule(CREATE, Answer(401, "the key was revoked"))
    runner = stage.workbench._runners[project.id]  # as the reaper does when the computer slept
    runner.look_after()
    notice = await told(stage, "does not accept the API key")
    assert "10 minutes" in notice.detail and "Settings" in notice.remedy
    (folder / "later.txt").write_text("saves go on")
    await stage.is_live(project)
    async with asyncio.timeout(20):
        while beat.seen < 3:
            await asyncio.sleep(0.02)
    assert len(stage.notices()) == 1  # told once
    await AsyncSandbox.kill(sandbox_id, **options_of(stage.host))
    problem = await stage.failed(project)
    assert "does not accept the API key" in problem.title
    await stage.proxy.heal()
    await stage.start_live(folder)


async def test_a_sandbox_whose_time_is_over_is_replaced(stage: Stage, tmp_path: Path) -> None:
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    first = stage.session(project).sandbox_id
    assert first is not None
    await AsyncSandbox.set_timeout(first, 1, **options_of(stage.host))
    await told(stage, "The sandbox is gone")
    await stage.phase(project, Phase.LIVE)
    await stage.is_live(project)
    second = stage.session(project).sandbox_id
    assert second != first and await stage.sandboxes() == [second]


async def test_an_hour_asleep_the_sandbox_gone_and_the_network_not_there_yet(stage: Stage, tmp_path: Path) -> None:
    clocks = {"own": 1000.0, "wall": 5000.0}
    reaper = Reaper(stage.workbench._runners.values, lambda: clocks["own"], lambda: clocks["wall"])
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    first = stage.session(project).sandbox_id
    assert first is not None
    reaper.reap()
    beat = stage.proxy.rule(HEARTBEAT, Reset(), times=2)
    stage.proxy.freeze_all()  # its end is not heard
    await AsyncSandbox.kill(first, **options_of(stage.host))
    clocks["wall"] += 3600
    reaper.reap()
    await beat.struck.wait()
    assert stage.session(project).sandbox_id == first
    async with asyncio.timeout(30):
        while stage.session(project).sandbox_id == first or stage.session(project).phase is not Phase.LIVE:
            await asyncio.sleep(0.02)
    await stage.is_live(project)


async def test_a_provider_that_cannot_pause_is_told_and_the_page_goes_on(stage: Stage, tmp_path: Path) -> None:
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    before = stage.session(project)
    stage.proxy.rule(PAUSE, Answer(500))
    await asleep(stage, project)
    await told(stage, "fault of its own")
    await stage.phase(project, Phase.LIVE)
    await stage.is_live(project)
    assert stage.session(project).pid == before.pid


@pytest.mark.parametrize("fault", [Answer(409), Answer(500), Reset(), Cut()])
async def test_waking_through_faults(stage: Stage, tmp_path: Path, fault: Answer | Reset | Cut) -> None:
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    before = stage.session(project)
    await asleep(stage, project)
    resume = stage.proxy.rule(RESUME, fault, times=3 if fault == Answer(409) else 1)
    stage.workbench.touch(project.id)
    await resume.struck.wait()
    if isinstance(fault, Cut):
        await stage.proxy.heal()
    await stage.phase(project, Phase.LIVE)
    await stage.is_live(project)
    after = stage.session(project)
    assert (after.sandbox_id, after.pid) == (before.sandbox_id, before.pid)


async def test_a_key_revoked_while_it_sleeps_is_told(stage: Stage, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    await asleep(stage, project)
    stage.proxy.rule(RESUME, Answer(401, "the key was revoked"))
    status, _ = await fetch(stage.workbench.address(project.id))
    assert status == 503
    problem = await stage.failed(project)
    assert "does not accept the API key" in problem.title
    await stage.proxy.heal()
    await stage.start_live(folder)
