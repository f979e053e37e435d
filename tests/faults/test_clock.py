"""The computer sleeps: its clocks part, or time has gone by that nobody lived through."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from e2b import AsyncSandbox

from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Phase
from craft_desktop.workbench.reaper import Reaper
from tests.conftest import tiny_project
from tests.faults.stage import HEARTBEAT, LIMIT_S, Stage, options_of

HOUR_S = 3600.0


class Clocks:
    """The two clocks by which the reaper notices a sleep, an hour apart when told."""

    def __init__(self, stage: Stage) -> None:
        self._slept_s = 0.0
        self._reaper = Reaper(stage.workbench._runners.values, time.monotonic, lambda: time.time() + self._slept_s)
        self._reaper.reap()

    def sleep(self) -> None:
        self._slept_s += HOUR_S
        self._reaper.reap()


async def beaten(stage: Stage, times: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while sum(HEARTBEAT.partition("[")[0] in line and "/timeout" in line for line in stage.proxy.requests) < times:
            await asyncio.sleep(0.02)


async def asleep(stage: Stage, project: Project) -> None:
    await stage.workbench.change_setting("when_idle", "sleep")
    stage.workbench.rest(project.id)
    await stage.phase(project, Phase.ASLEEP)


async def test_a_sandbox_that_is_still_there_goes_on(stage: Stage, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    clocks, before = Clocks(stage), stage.session(project)
    for times in (1, 2):
        clocks.sleep()
        await beaten(stage, times)
    (folder / "later.txt").write_text("saved after it woke")
    await stage.is_live(project)
    assert stage.session(project) == before
    assert stage.notices() == []


async def test_one_that_sleeps_sleeps_on_and_wakes_when_it_is_wanted(stage: Stage, tmp_path: Path) -> None:
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    clocks, before = Clocks(stage), stage.session(project)
    await asleep(stage, project)
    clocks.sleep()
    await asyncio.sleep(0)
    assert stage.session(project).phase is Phase.ASLEEP
    await stage.is_awake(project)
    after = stage.session(project)
    assert (after.sandbox_id, after.pid) == (before.sandbox_id, before.pid)


async def test_time_that_the_host_did_not_live_through_ends_the_sandbox_and_it_is_replaced(
    stage: Stage, tmp_path: Path
) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await stage.start_live(folder)
    clocks, first = Clocks(stage), stage.session(project).sandbox_id
    assert first is not None
    await AsyncSandbox.set_timeout(first, 1, **options_of(stage.host))
    os.kill(stage.host.process.pid, signal.SIGSTOP)
    try:
        (folder / "later.txt").write_text("saved meanwhile")
        clocks.sleep()
        await asyncio.sleep(1.5)  # the time itself is the fault
    finally:
        os.kill(stage.host.process.pid, signal.SIGCONT)
    async with asyncio.timeout(LIMIT_S):
        while stage.session(project).sandbox_id == first or stage.session(project).phase is not Phase.LIVE:
            await asyncio.sleep(0.02)
    await stage.is_live(project)
    assert await stage.sandboxes() == [stage.session(project).sandbox_id]
    assert [problem.title for problem in stage.notices()] == ["The sandbox is gone"]
    await stage.workbench.close(project.id)
    await stage.nothing_left()


@pytest.mark.parametrize("limit_min", [15, 0])
async def test_an_hour_of_sleep_is_no_hour_without_use(stage: Stage, tmp_path: Path, limit_min: int) -> None:
    """The limit of 15 minutes without use counts what the computer lived through."""
    await stage.workbench.change_setting("idle_limit_min", limit_min)
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    Clocks(stage).sleep()
    await beaten(stage, 1)
    assert stage.session(project).phase is Phase.LIVE


async def test_a_long_install_is_use(stage: Stage, tmp_path: Path) -> None:
    """Its sandbox lives for ten minutes by itself; an install may take an hour, and nobody touches anything then."""
    ends = tmp_path / "p" / "go-on"
    folder = tiny_project(tmp_path / "p", scripts={"preinstall": "until [ -e go-on ]; do sleep 0.05; done"})
    project = await stage.workbench.add(folder)
    starting = asyncio.gather(stage.workbench.open(project.id, Provider.E2B))
    await stage.phase(project, Phase.INSTALLING)
    runner = stage.workbench._runners[project.id]
    runner.activity._used_at -= HOUR_S
    runner.look_after()
    await beaten(stage, 1)
    ends.touch()
    async with asyncio.timeout(LIMIT_S):
        await starting
    await stage.is_live(project)
