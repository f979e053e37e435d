"""Restart clean, reinstall, keep awake: with the real host, while it runs, while it starts, and while it does not."""

import asyncio
import json
from pathlib import Path

import pytest

from craft_desktop.model.events import LogLine, Notice, SessionChanged, Stream
from craft_desktop.model.operations import Wipe
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.workbench import gallery
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, files_of, tiny_project
from tests.workbench.watching import Watcher, commands_below, started, until_equal

# Tells at each start what it found of an earlier one, and leaves something behind.
FINDS = (
    "for each in .next/cache .nuxt/built node_modules/.vite/deps node_modules/mine; "
    "do test -e $each && echo found $each; done; mkdir -p .next .nuxt node_modules/.vite; "
    "touch .next/cache .nuxt/built node_modules/.vite/deps node_modules/mine; node server.js"
)
INSTALLS = 'mkdir -p node_modules && date +%s%N > node_modules/stamp && echo "installing"'


def finder(folder: Path, **scripts: str) -> Path:
    return tiny_project(folder, scripts={"dev": FINDS, "postinstall": INSTALLS, **scripts})


def found_in(watcher: Watcher) -> list[str]:
    lines = [event.text for event in watcher.events if isinstance(event, LogLine) and event.stream is Stream.SERVER]
    return [line.removeprefix("found ") for line in lines if line.startswith("found ")]


def phases_in(watcher: Watcher) -> list[Phase]:
    return [event.session.phase for event in watcher.events if isinstance(event, SessionChanged)]


def activity_in(watcher: Watcher) -> list[str]:
    return [event.text for event in watcher.events if isinstance(event, LogLine) and event.stream is Stream.ACTIVITY]


async def test_restart_clean_deletes_what_was_built_in_the_sandbox_alone(workbench: Workbench, tmp_path: Path) -> None:
    folder = finder(tmp_path / "clean")
    (folder / ".next").mkdir()
    (folder / ".next" / "mine").write_text("on the person's disk")
    project = await started(workbench, folder)
    before = workbench.session(project.id)
    watcher = Watcher(workbench)
    await workbench.restart(project.id)
    assert found_in(watcher) == [".next/cache", ".nuxt/built", "node_modules/.vite/deps", "node_modules/mine"]
    watcher.forget()
    await workbench.restart_clean(project.id)
    after = workbench.session(project.id)
    assert after.phase is Phase.LIVE, after.problem
    assert found_in(watcher) == ["node_modules/mine"]
    assert after.sandbox_id == before.sandbox_id and after.pid != before.pid
    assert Phase.INSTALLING not in phases_in(watcher)
    assert (folder / ".next" / "mine").read_text() == "on the person's disk"
    assert any(line.startswith("Restarting clean") for line in activity_in(watcher))


async def test_what_the_project_keeps_itself_comes_back(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "kept")
    (folder / ".astro").mkdir()
    (folder / ".astro" / "types.d.ts").write_text("declare module 'kept in git'")
    project = await started(workbench, folder)
    await workbench.restart_clean(project.id)
    await until_equal(workbench, project)


async def test_reinstall_installs_from_nothing(workbench: Workbench, tmp_path: Path) -> None:
    folder = finder(tmp_path / "again")
    (folder / "node_modules" / "theirs").mkdir(parents=True)
    project = await started(workbench, folder)
    before = workbench.session(project.id)
    watcher = Watcher(workbench)
    await workbench.reinstall(project.id)
    after = workbench.session(project.id)
    assert after.phase is Phase.LIVE, after.problem
    assert phases_in(watcher) == [Phase.INSTALLING, Phase.STARTING, Phase.WAITING, Phase.LIVE]
    assert found_in(watcher) == []
    assert after.sandbox_id == before.sandbox_id
    assert (folder / "node_modules" / "theirs").is_dir()
    assert any(line.startswith("Installing the dependencies again") for line in activity_in(watcher))
    assert not any("changed" in line for line in activity_in(watcher))
    assert (await fetch(workbench.address(project.id)))[0] == 200


async def test_a_reinstall_that_fails_is_told_and_the_next_start_is_whole(workbench: Workbench, tmp_path: Path) -> None:
    folder = finder(tmp_path / "fails", preinstall="test ! -e broken")
    project = await started(workbench, folder)
    (folder / "broken").touch()
    await until_sent(workbench, project.id, "broken")
    await workbench.reinstall(project.id)
    problem = workbench.session(project.id).problem
    assert problem is not None and problem.title == "The dependencies could not be installed"
    assert commands_below_of_servers() == 0
    (folder / "broken").unlink()
    await workbench.open(project.id)
    assert workbench.session(project.id).phase is Phase.LIVE


async def test_what_does_not_run_is_started_so(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(finder(tmp_path / "stopped"))
    for again in (workbench.restart_clean, workbench.reinstall):
        await again(project.id)
        assert workbench.session(project.id).phase is Phase.LIVE, workbench.session(project.id).problem
        await workbench.close(project.id)


async def test_asked_while_it_installs_it_is_done_before_the_page(workbench: Workbench, tmp_path: Path) -> None:
    folder = finder(tmp_path / "early", preinstall="until test -e go; do sleep 0.05; done")
    project = await workbench.add(folder)
    watcher = Watcher(workbench)
    starting = asyncio.gather(workbench.open(project.id))
    await watcher.phase(Phase.INSTALLING)
    asked = asyncio.gather(workbench.reinstall(project.id), workbench.restart_clean(project.id))
    await asyncio.sleep(0)
    (folder / "go").touch()
    await asyncio.gather(starting, asked)
    assert workbench.session(project.id).phase is Phase.LIVE
    assert phases_in(watcher).count(Phase.LIVE) == 1  # both orders were one
    installs = [event for event in watcher.events if isinstance(event, LogLine) and event.text == "installing"]
    assert len(installs) == 2
    assert found_in(watcher) == []


async def test_orders_at_once_are_carried_out_once_and_a_stop_wins(workbench: Workbench, tmp_path: Path) -> None:
    project = await started(workbench, finder(tmp_path / "storm"))
    watcher = Watcher(workbench)
    asked = (
        workbench.restart,
        workbench.restart_clean,
        workbench.reinstall,
        workbench.restart,
        workbench.restart_clean,
    )
    await asyncio.gather(*(again(project.id) for again in asked))
    assert workbench.session(project.id).phase is Phase.LIVE
    assert phases_in(watcher).count(Phase.INSTALLING) == 1
    assert commands_below_of_servers() == 1
    waiting = asyncio.gather(workbench.reinstall(project.id), workbench.restart_clean(project.id))
    await asyncio.sleep(0)
    await workbench.close(project.id)
    await waiting
    assert workbench.session(project.id).phase is Phase.STOPPED
    assert commands_below_of_servers() == 0


async def test_what_sleeps_wakes_for_it(workbench: Workbench, tmp_path: Path) -> None:
    await workbench.change_setting("when_idle", "sleep")
    project = await started(workbench, finder(tmp_path / "sleepy"))
    watcher = Watcher(workbench)
    workbench.rest(project.id)
    await watcher.phase(Phase.ASLEEP)
    await workbench.restart_clean(project.id)
    assert workbench.session(project.id).phase is Phase.LIVE
    assert found_in(watcher) == ["node_modules/mine"]


async def test_images_do_not_bring_back_what_was_deleted(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "QUIET_S", 0.05)
    project = await started(workbench, finder(tmp_path / "kept"))
    watcher = Watcher(workbench)
    await kept(watcher, workbench, project.id)
    await workbench.restart_clean(project.id)  # drops the image and has another taken, without what was built
    await workbench.close(project.id)
    watcher.forget()
    await workbench.reinstall(project.id)
    assert found_in(watcher) == []
    assert not any("kept from an earlier start" in line for line in activity_in(watcher))
    assert not [event for event in watcher.events if isinstance(event, Notice)]


async def kept(watcher: Watcher, workbench: Workbench, project_id: str) -> None:
    # it may have been kept before somebody watched
    told = "Kept the dependencies for later starts"
    if not any(line.text == told for line in workbench.log(project_id)):
        await watcher.until(lambda event: isinstance(event, LogLine) and event.text == told)


async def until_sent(workbench: Workbench, project_id: str, name: str) -> None:
    async with asyncio.timeout(30):
        while name not in json.loads((await fetch(workbench.address(project_id)))[1]):
            await asyncio.sleep(0.02)


def commands_below_of_servers() -> int:
    return sum(command[-1:] == ["server.js"] for command in commands_below())


async def test_kept_awake_it_never_rests_and_that_is_remembered(paths: Paths, tmp_path: Path) -> None:
    async with open_workbench(paths) as workbench:
        project = await started(workbench, tiny_project(tmp_path / "awake"))
        assert (await workbench.health(project.id)).timeout_in_s is not None
        await workbench.keep_awake(project.id, True)
        assert workbench.projects[0].keep_awake
        assert (await workbench.health(project.id)).timeout_in_s is None
        assert files_of(project.path)
    async with open_workbench(paths) as workbench:
        assert workbench.projects[0].keep_awake
        await workbench.keep_awake(project.id, False)
        assert not workbench.projects[0].keep_awake
        await workbench.open(project.id)
        limit_s = 60 * workbench.settings.idle_limit_min
        left_s = (await workbench.health(project.id)).timeout_in_s
        assert left_s is not None and limit_s - 60 < left_s <= limit_s


async def test_keep_awake_wakes_what_sleeps(workbench: Workbench, tmp_path: Path) -> None:
    await workbench.change_setting("when_idle", "sleep")
    project = await started(workbench, tiny_project(tmp_path / "wakes"))
    watcher = Watcher(workbench)
    workbench.rest(project.id)
    await watcher.phase(Phase.ASLEEP)
    watcher.forget()
    await workbench.keep_awake(project.id, False)
    assert workbench.session(project.id).phase is Phase.ASLEEP
    await workbench.keep_awake(project.id, True)
    await watcher.phase(Phase.LIVE)


def test_each_wipe_includes_the_one_before() -> None:
    assert Wipe.NOTHING < Wipe.BUILT < Wipe.INSTALLED
