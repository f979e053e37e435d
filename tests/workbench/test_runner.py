"""Runs, with the real host, real jails and a real (tiny) Node.js project: what goes right, and all that does not."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import psutil
import pytest

from craft_desktop.model.errors import Action
from craft_desktop.model.events import LogLine, Notice, Pushed, SessionChanged, Stream
from craft_desktop.model.session import Phase, StepState
from craft_desktop.sandbox.dev_server import DevServer
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, files_of, tiny_project
from tests.workbench.watching import Watcher, commands_below, failed, nothing_runs, started, until_equal


async def test_from_start_to_stop(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "shop")
    watcher = Watcher(workbench)
    project = await started(workbench, folder)
    session = workbench.session(project.id)
    assert session.pid and session.port and session.url == workbench.address(project.id)
    assert [record.state for record in session.steps] == [StepState.DONE] * 5
    assert json.loads((await fetch(session.url))[1]) == files_of(folder)
    streams = {(line.stream, line.text) for line in workbench.log(project.id)}
    assert (Stream.SERVER, "serving") in streams
    assert any(stream is Stream.INSTALL for stream, _ in streams)
    await workbench.close(project.id)
    assert workbench.session(project.id).phase is Phase.STOPPED
    assert not any("server.js" in " ".join(command) for command in commands_below())
    assert (await fetch(session.url))[0] == 503
    assert not [event for event in watcher.events if isinstance(event, Notice)]


async def test_edits_reach_the_sandbox(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "edits")
    (folder / "old.txt").write_text("old")
    project = await started(workbench, folder)
    for name in ("a b.txt", "quote'\".txt", "new\nline.txt", "größe-日本.txt", "-rf", "$(x).txt", "deep/er/file.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "old.txt").unlink()
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("deep/er")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    await until_equal(workbench, project)
    (folder / "deep").rename(folder / "deeper")
    (folder / "run.sh").chmod(0o644)
    (folder / "link").unlink()
    (folder / "empty").rmdir()
    (folder / "empty").write_text("a file now")
    shutil.rmtree(folder / "deeper")
    await until_equal(workbench, project)


async def test_two_projects_at_once_and_joined_starts(workbench: Workbench, tmp_path: Path) -> None:
    one = await workbench.add(tiny_project(tmp_path / "one"))
    two = await workbench.add(tiny_project(tmp_path / "two"))
    await asyncio.gather(*(workbench.open(project.id) for project in (one, two, one)))
    sessions = [workbench.session(project.id) for project in (one, two)]
    assert [session.phase for session in sessions] == [Phase.LIVE, Phase.LIVE]
    assert sessions[0].sandbox_id != sessions[1].sandbox_id
    assert json.loads((await fetch(workbench.address(two.id)))[1]) == files_of(two.path)
    assert sum(command[-1:] == ["server.js"] for command in commands_below()) == 2


async def test_restart_frees_the_port_and_keeps_the_sandbox(workbench: Workbench, tmp_path: Path) -> None:
    # The child takes the port and a session of its own, as `next-server` does: ending the leader leaves it.
    folder = tiny_project(tmp_path / "again", scripts={"dev": "setsid node server.js & wait"})
    project = await started(workbench, folder)
    before = workbench.session(project.id)
    await workbench.restart(project.id)
    after = workbench.session(project.id)
    assert after.phase is Phase.LIVE, after.problem
    assert (after.sandbox_id, after.port) == (before.sandbox_id, before.port)
    assert after.pid != before.pid
    assert sum(command[-1:] == ["server.js"] for command in commands_below()) == 1


async def test_dependencies_reinstall_and_scripts_restart(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "deps")
    await started(workbench, folder)
    watcher = Watcher(workbench)
    (folder / "lib").mkdir()
    (folder / "lib" / "package.json").write_text('{"name": "lib", "version": "1.0.0"}')
    tiny_project(folder, dependencies={"lib": "file:./lib"})
    await watcher.phase(Phase.INSTALLING)
    await watcher.phase(Phase.LIVE)
    watcher.forget()
    tiny_project(folder, dependencies={"lib": "file:./lib"}, scripts={"dev": "echo second && node server.js"})
    await watcher.phase(Phase.STARTING)
    await watcher.phase(Phase.LIVE)
    assert not any(
        isinstance(event, SessionChanged) and event.session.phase is Phase.INSTALLING for event in watcher.events
    )
    assert any(isinstance(event, LogLine) and event.text == "second" for event in watcher.events)


async def test_a_changed_environment_file_restarts_plain_node_and_a_renamed_project_does_not(
    workbench: Workbench, tmp_path: Path
) -> None:
    folder = tiny_project(tmp_path / "env", scripts={"dev": "echo $(cat .env) && node server.js"})
    (folder / ".env").write_text("first")
    project = await started(workbench, folder)
    pid = workbench.session(project.id).pid
    watcher = Watcher(workbench)
    tiny_project(folder, scripts={"dev": "echo $(cat .env) && node server.js"}, description="renamed")
    await until_equal(workbench, project)
    assert workbench.session(project.id).pid == pid
    (folder / ".env").write_text("second")
    await watcher.phase(Phase.STARTING)
    await watcher.phase(Phase.LIVE)
    assert any(isinstance(event, LogLine) and event.text == "second" for event in watcher.events)
    assert not any(isinstance(event, LogLine) and event.text == "first" for event in watcher.events)


async def test_an_app_of_a_monorepo_is_sent_with_its_top(workbench: Workbench, tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "packages" / "words").mkdir(parents=True)
    (top / "packages" / "words" / "package.json").write_text(
        '{"name": "words", "version": "1.0.0", "main": "index.js"}'
    )
    (top / "packages" / "words" / "index.js").write_text('module.exports = "shared words";')
    (top / "package.json").write_text('{"name": "top", "workspaces": ["apps/*", "packages/*"]}')
    app = tiny_project(top / "apps" / "web", dependencies={"words": "1.0.0"})
    (app / "server.js").write_text(
        'require("http").createServer((_, answer) => answer.end(require("words"))).listen(process.env.PORT);'
    )
    project = await started(workbench, app)
    assert (await fetch(workbench.address(project.id)))[1] == "shared words"


async def test_a_broken_manifest_while_live_is_told_and_ends_nothing(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "broken-later")
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    (folder / "package.json").write_text('{\n  "name": oops\n}')
    notice = await watcher.until(lambda event: isinstance(event, Notice))
    assert isinstance(notice, Notice) and "Line 2, column 11" in notice.problem.detail
    tiny_project(folder)
    await watcher.until(lambda event: isinstance(event, Pushed) and event.revision > 1)
    assert workbench.session(project.id).phase is Phase.LIVE


async def test_stop_during_install_is_at_once(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(tiny_project(tmp_path / "slow", scripts={"preinstall": "sleep 100"}))
    watcher = Watcher(workbench)
    starting = asyncio.gather(workbench.open(project.id))
    await watcher.until(lambda event: isinstance(event, LogLine) and "npm install" in event.text)
    async with asyncio.timeout(5):
        await workbench.close(project.id)
        await starting
    assert workbench.session(project.id).phase is Phase.STOPPED
    assert not any("sleep" in command for command in commands_below())


async def test_stop_at_the_moment_of_the_first_page(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = await workbench.add(tiny_project(tmp_path / "p"))
    first_page = DevServer.first_page
    stopping: list[asyncio.Future[tuple[None]]] = []

    async def and_stopped(server: DevServer, limit_s: float) -> None:
        await first_page(server, limit_s)
        stopping.append(asyncio.gather(workbench.close(project.id)))
        await asyncio.sleep(0)  # the stop is told, and the run hears of it in the next turn of the loop

    monkeypatch.setattr(DevServer, "first_page", and_stopped)
    async with asyncio.timeout(30):
        await workbench.open(project.id)
        await asyncio.gather(*stopping)
    session = workbench.session(project.id)
    assert (session.phase, session.problem) == (Phase.STOPPED, None)
    assert not any("Live at" in line.text for line in workbench.log(project.id))
    assert (await fetch(workbench.address(project.id)))[0] == 503


@pytest.mark.parametrize(
    ("manifest", "title", "detail"),
    [
        ('{\n  "name": "x",\n  oops\n}', "package.json is not valid JSON", "Line 3, column 3"),
        ('{"name": "x"}', "The project has no “dev” script", "none"),
        ("[]", "package.json is not an object", "list"),
    ],
)
async def test_a_manifest_that_cannot_be_run(
    workbench: Workbench, tmp_path: Path, manifest: str, title: str, detail: str
) -> None:
    folder = tiny_project(tmp_path / "bad")
    project = await workbench.add(folder)
    (folder / "package.json").write_text(manifest)
    await workbench.open(project.id)
    problem = await nothing_runs(workbench, project)
    assert problem.title == title
    assert detail in problem.detail
    tiny_project(folder)
    await started(workbench, folder)


async def test_an_install_that_fails(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "fails", scripts={"preinstall": "echo 'error: no such compiler' >&2; exit 3"})
    problem = await failed(workbench, folder)
    assert problem.title == "The dependencies could not be installed"
    assert "error: no such compiler" in problem.detail
    assert "exit code" in problem.detail


async def test_an_install_that_takes_too_long(workbench: Workbench, tmp_path: Path) -> None:
    await workbench.change_setting("install_limit_s", 10)
    problem = await failed(workbench, tiny_project(tmp_path / "long", scripts={"preinstall": "sleep 100"}))
    assert problem.title == "Installing took longer than 10 s"
    assert problem.action is Action.OPEN_SETTINGS


async def test_a_dev_server_that_ends_at_once(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "ends", scripts={"dev": "echo 'cannot find the thing' >&2; exit 7"})
    problem = await failed(workbench, folder)
    assert problem.title == "The dev server ended"
    assert "cannot find the thing" in problem.detail
    assert "7" in problem.detail


async def test_a_dev_server_that_ends_while_live(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "crash")
    with (folder / "server.js").open("a") as file:
        file.write('\nfs.watch(".", (_, name) => name === "crash" && process.exit(9));\n')
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    (folder / "crash").touch()
    await watcher.phase(Phase.STARTING)
    watcher.forget()
    await watcher.phase(Phase.LIVE)
    assert json.loads((await fetch(workbench.address(project.id)))[1]) == files_of(folder)
    told = [event.problem.title for event in watcher.events if isinstance(event, Notice)]
    assert told in ([], ["The dev server ended"])  # once, before or after the watcher forgot


async def test_a_dev_server_that_keeps_ending_is_given_up(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "loop")
    with (folder / "server.js").open("a") as file:
        file.write('\nif (fs.existsSync("crash")) setTimeout(() => process.exit(9), 50);\n')
        file.write('fs.watch(".", (_, name) => name === "crash" && process.exit(9));\n')
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    (folder / "crash").touch()
    await watcher.phase(Phase.FAILED)
    problem = await nothing_runs(workbench, project)
    assert problem.title == "The dev server keeps ending"
    assert "3 times within 60 s" in problem.detail and "exit code was 9" in problem.detail
    (folder / "crash").unlink()
    await started(workbench, folder)


async def test_a_dev_server_that_never_answers(workbench: Workbench, tmp_path: Path) -> None:
    await workbench.change_setting("ready_limit_s", 10)
    problem = await failed(workbench, tiny_project(tmp_path / "mute", scripts={"dev": "sleep 100"}))
    assert problem.title == "The dev server did not answer"


async def test_a_folder_that_vanishes_while_live(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "gone")
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    folder.rename(tmp_path / "elsewhere")
    await watcher.until(lambda event: isinstance(event, Notice) and "gone" in event.problem.title)
    # The page goes on with the copy, and the copy with the folder once it is back.
    assert (await fetch(workbench.address(project.id)))[0] == 200
    (tmp_path / "elsewhere").rename(folder)
    (folder / "later.txt").touch()
    await watcher.until(lambda event: isinstance(event, Pushed))
    assert "later.txt" in json.loads((await fetch(workbench.address(project.id)))[1])


async def test_a_link_that_leaves_the_folder_is_told_and_not_followed(workbench: Workbench, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    folder = tiny_project(tmp_path / "linked")
    (folder / "leak").symlink_to(secret)
    watcher = Watcher(workbench)
    project = await started(workbench, folder)
    notices = [event.problem for event in watcher.events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "leak" in notices[0].detail and notices[0].remedy
    told = json.loads((await fetch(workbench.address(project.id)))[1])
    assert "leak" not in told and "server.js" in told


async def test_a_large_file_goes_whole_and_not_through_memory(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "large")
    size = 200 * 1024 * 1024
    with (folder / "video.bin").open("wb") as file:
        file.write(os.urandom(1024 * 1024))
        file.truncate(size)
    before = psutil.Process().memory_info().rss
    project = await started(workbench, folder)
    grown = psutil.Process().memory_info().rss - before
    assert grown < 100 * 1024 * 1024
    assert json.loads((await fetch(workbench.address(project.id)))[1]) == files_of(folder)


async def test_the_host_killed_while_live(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "hostless")
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    own = str(tmp_path / "home")
    hosts = [process for process in psutil.Process().children() if own in " ".join(process.cmdline())]
    assert len(hosts) == 1
    hosts[0].kill()
    await watcher.phase(Phase.CREATING)
    watcher.forget()
    await watcher.phase(Phase.LIVE)
    assert json.loads((await fetch(workbench.address(project.id)))[1]) == files_of(folder)
    after = [process.pid for process in psutil.Process().children() if own in " ".join(process.cmdline())]
    assert len(after) == 1 and after != [hosts[0].pid]


async def test_a_host_killed_again_and_again_is_told(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "hostless-again")
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    own = str(tmp_path / "home")
    for expected in (Phase.LIVE, Phase.FAILED):
        (host,) = [process for process in psutil.Process().children() if own in " ".join(process.cmdline())]
        watcher.forget()
        host.kill()
        await watcher.phase(expected)
    await nothing_runs(workbench, project)
    await started(workbench, folder)
