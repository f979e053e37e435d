"""The stream of a running install or dev server breaks off or stands still: the command goes on and is joined again."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from e2b import AsyncSandbox, CommandExitException

from craft_desktop.model.events import Stream
from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase
from craft_desktop.sandbox import command, connection, launch, persist
from tests.conftest import tiny_project
from tests.faults.proxy import Answer
from tests.faults.stage import JOIN, LIMIT_S, Stage, options_of

# An install that goes on when it is told to, and says that it did.
UNTIL_TOLD = "echo began; while [ ! -e ~/go ]; do sleep 0.02; done; touch ~/gone; echo went on"
FORGOTTEN = Answer(404, "no such process", code="not_found")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_LIMIT_S", 2.0)
    monkeypatch.setattr(command, "RECONNECT_FIRST_S", 0.1)
    monkeypatch.setattr(persist, "RECONNECT_FIRST_S", 0.1)
    monkeypatch.setattr(persist, "RECONNECT_PAUSE_S", 0.2)


class Installing:
    """A start whose install has begun, and goes on when it is told."""

    def __init__(self, stage: Stage, folder: Path, then: str = "true") -> None:
        self._stage = stage
        self.folder = tiny_project(folder, scripts={"preinstall": f"{UNTIL_TOLD}; {then}"})

    async def begin(self) -> Project:
        project = await self._stage.workbench.add(self.folder)
        self._starting = asyncio.gather(self._stage.start(self.folder))
        await self._stage.said(project, "began")
        self.sandbox_id = self._stage.session(project).sandbox_id
        return project

    async def come_to_its_end(self, project: Project) -> None:
        """Let the install end while nobody listens."""
        with contextlib.suppress(CommandExitException):  # what kills everything kills this too
            await self._stage.do(project, "touch ~/go; while pgrep -f '[n]pm install'; do sleep 0.02; done")

    async def started(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self._starting


async def test_an_install_goes_on_through_a_reset(stage: Stage, tmp_path: Path) -> None:
    install = Installing(stage, tmp_path / "p")
    project = await install.begin()
    stage.proxy.reset_all()
    await stage.logged(project, "answers again")
    await stage.do(project, "touch ~/go")
    await install.started()
    await stage.is_live(project)
    assert stage.session(project).sandbox_id == install.sandbox_id
    lines = [line.text for line in stage.workbench.log(project.id) if line.stream is Stream.INSTALL]
    missing = next(number for number, line in enumerate(lines) if "the connection broke off" in line)
    assert lines.index("began") < missing < lines.index("went on")
    (notice,) = stage.notices()
    assert "does not answer" in notice.title


async def test_an_install_goes_on_after_a_silence(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "QUIET_INSTALL_S", 0.5)
    install = Installing(stage, tmp_path / "p")
    project = await install.begin()
    stage.proxy.freeze_all()  # the line died unheard: nobody is told
    await stage.do(project, "touch ~/go")
    await install.started()
    await stage.is_live(project)
    assert stage.session(project).sandbox_id == install.sandbox_id
    assert any(JOIN.replace("\\", "").strip() in request for request in stage.proxy.requests)


@pytest.mark.parametrize("is_forgotten", [False, True])
@pytest.mark.parametrize("exit_code", [0, 5, 137])
async def test_an_install_that_ended_while_the_network_was_away(
    stage: Stage, tmp_path: Path, exit_code: int, is_forgotten: bool
) -> None:
    """Its exit code is kept by the daemon for a while, and then by a file."""
    install = Installing(stage, tmp_path / "p", f"exit {exit_code}")
    project = await install.begin()
    stage.proxy.cut()
    await install.come_to_its_end(project)
    await stage.proxy.heal()
    if is_forgotten:
        stage.proxy.rule(JOIN, FORGOTTEN, times=1)
    await install.started()
    if exit_code == 0:
        await stage.is_live(project)
        assert stage.session(project).sandbox_id == install.sandbox_id
        return
    problem = await stage.failed(project)
    assert str(exit_code) in problem.detail, problem
    assert ("not enough memory" in problem.title) == (exit_code == 137)
    tiny_project(install.folder, scripts={"preinstall": "true"})
    await stage.start_live(install.folder)


async def test_an_install_of_which_nobody_knows_how_it_ended_is_no_good_one(stage: Stage, tmp_path: Path) -> None:
    install = Installing(stage, tmp_path / "p", "kill -KILL -1")
    project = await install.begin()
    stage.proxy.cut()
    await install.come_to_its_end(project)
    await stage.proxy.heal()
    stage.proxy.rule(JOIN, FORGOTTEN, times=1)
    await install.started()
    problem = await stage.failed(project)
    assert "ended while the connection was broken off" in problem.title
    tiny_project(install.folder, scripts={"preinstall": "true"})
    await stage.start_live(install.folder)


async def test_a_network_that_stays_away_fails_the_install_in_time(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persist, "RECONNECT_LIMIT_S", 1.0)
    install = Installing(stage, tmp_path / "p")
    project = await install.begin()
    stage.proxy.cut()
    await install.started()
    problem = await stage.failed(project)
    assert "does not answer" in problem.title
    await stage.proxy.heal()
    tiny_project(install.folder, scripts={"preinstall": "true"})
    await stage.start_live(install.folder)  # in the sandbox that was left behind
    await stage.workbench.close(project.id)
    await stage.nothing_left()


async def test_a_sandbox_lost_while_the_network_is_away_fails_the_install(stage: Stage, tmp_path: Path) -> None:
    install = Installing(stage, tmp_path / "p")
    project = await install.begin()
    assert install.sandbox_id is not None
    stage.proxy.cut()
    await AsyncSandbox.kill(install.sandbox_id, **options_of(stage.host))
    await stage.proxy.heal()
    await install.started()
    problem = await stage.failed(project)
    assert "is gone" in problem.title
    await stage.nothing_left()


@pytest.mark.parametrize("is_forgotten", [False, True])
async def test_a_dev_server_that_ended_while_the_network_was_away_is_started_again(
    stage: Stage, tmp_path: Path, is_forgotten: bool
) -> None:
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    before = stage.session(project)
    stage.proxy.cut()
    await stage.do(project, "pkill -f '^node server.js'; while pgrep -f '[n]pm run dev'; do sleep 0.02; done")
    await stage.proxy.heal()
    if is_forgotten:
        stage.proxy.rule(JOIN, FORGOTTEN, times=1)
    await stage.logged(project, "starting it again")
    await stage.phase(project, Phase.LIVE)
    await stage.is_live(project)
    after = stage.session(project)
    assert after.sandbox_id == before.sandbox_id and after.pid != before.pid
    ended = next(problem for problem in stage.notices() if problem.title == "The dev server ended")
    assert "Its exit code was 143" in ended.detail, ended


async def test_the_end_of_a_dev_server_is_found_after_a_silence(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "QUIET_SERVER_S", 0.5)
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    before = stage.session(project)
    stage.proxy.freeze_all()
    await stage.do(project, "pkill -f '^node server.js'")
    await stage.logged(project, "starting it again")
    await stage.phase(project, Phase.LIVE)
    await stage.is_live(project)
    assert stage.session(project).sandbox_id == before.sandbox_id
