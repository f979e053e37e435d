"""The program's end and its next start: what is stopped, what stays at E2B, what is started again."""

from pathlib import Path

import pytest

from craft_desktop.model.errors import SettingError
from craft_desktop.model.events import LogLine
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.lifetime import LONGEST_KEPT_S, kept_for_s
from craft_desktop.workbench.tenancy import SANDBOX_TIMEOUT_S
from tests.conftest import StandaloneHost, tiny_project
from tests.workbench.watching import Watcher, started


@pytest.fixture
def key(elsewhere: StandaloneHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)


async def ended_with(paths: Paths, elsewhere: StandaloneHost, folder: Path, when_quit: str, answer: bool | None) -> str:
    """Run a project at E2B and one here, end the program, and give the first one's sandbox."""
    async with open_workbench(paths) as workbench:
        await elsewhere.choose(workbench)
        await workbench.change_setting("when_quit", when_quit)
        cloudy = await workbench.add(tiny_project(folder / "cloudy"))
        await workbench.choose_provider(cloudy.id, Provider.E2B)
        await workbench.open(cloudy.id)
        here = await started(workbench, tiny_project(folder / "here"))
        sandbox_id = workbench.session(cloudy.id).sandbox_id
        assert workbench.lifetime.asks is (when_quit == "ask")
        await workbench.close(here.id)
        assert workbench.lifetime.asks is (when_quit == "ask")
        if answer is not None:
            workbench.lifetime.keep_at_quit(answer)
            assert not workbench.lifetime.asks
        assert sandbox_id is not None, workbench.session(cloudy.id).problem
        return sandbox_id


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(("when_quit", "answer"), [("keep", None), ("ask", True)])
async def test_a_sandbox_at_e2b_stays_and_is_taken_over(
    paths: Paths, elsewhere: StandaloneHost, tmp_path: Path, when_quit: str, answer: bool | None
) -> None:
    before = await ended_with(paths, elsewhere, tmp_path, when_quit, answer)
    async with open_workbench(paths) as workbench:
        assert "one preview" in await workbench.test_key()
        cloudy = next(project for project in workbench.projects if project.name == "cloudy")
        watcher = Watcher(workbench)
        await workbench.open(cloudy.id)
        session = workbench.session(cloudy.id)
        assert session.phase is Phase.LIVE, session.problem
        assert (session.sandbox_id, session.origin) == (before, Origin.ADOPTED)
        assert not [event for event in watcher.events if isinstance(event, LogLine) and event.stream == "install"]
        await workbench.change_setting("when_quit", "stop")
    async with open_workbench(paths) as workbench:
        assert "no preview" in await workbench.test_key()


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(("when_quit", "answer"), [("stop", True), ("ask", None), ("ask", False)])
async def test_else_nothing_stays(
    paths: Paths, elsewhere: StandaloneHost, tmp_path: Path, when_quit: str, answer: bool | None
) -> None:
    await ended_with(paths, elsewhere, tmp_path, when_quit, answer)
    async with open_workbench(paths) as workbench:
        assert "no preview" in await workbench.test_key()


async def test_what_ran_is_started_again_where_the_settings_say_so(paths: Paths, tmp_path: Path) -> None:
    async with open_workbench(paths) as workbench:
        await workbench.lifetime.start_again()
        ran = await started(workbench, tiny_project(tmp_path / "ran"))
        closed = await started(workbench, tiny_project(tmp_path / "closed"))
        await workbench.close(closed.id)
    async with open_workbench(paths) as workbench:
        await workbench.lifetime.start_again()
        assert not workbench.session(ran.id).is_active  # off: no surprises
        await workbench.change_setting("start_again", True)
        await workbench.open(ran.id)
        await workbench.remove(closed.id)
    async with open_workbench(paths) as workbench:
        await workbench.lifetime.start_again()
        assert workbench.session(ran.id).phase is Phase.LIVE


async def test_opening_at_log_in_is_written_and_believed_when_it_is_gone(paths: Paths) -> None:
    entry = paths.autostart / "craft-desktop.desktop"
    async with open_workbench(paths) as workbench:
        with pytest.raises(SettingError):
            await workbench.change_setting("open_at_login", "yes")
        assert not entry.exists()
        await workbench.change_setting("open_at_login", True)
        assert entry.is_file() and workbench.settings.open_at_login
    async with open_workbench(paths) as workbench:
        assert workbench.settings.open_at_login
    entry.unlink()
    async with open_workbench(paths) as workbench:
        assert not workbench.settings.open_at_login
        paths.autostart.rmdir()
        paths.autostart.write_text("a file in its place")
        with pytest.raises(SettingError):
            await workbench.change_setting("open_at_login", True)
        assert not workbench.settings.open_at_login


def test_what_stays_stays_for_as_long_as_an_unused_one_may() -> None:
    assert kept_for_s(15) == 900
    assert kept_for_s(1) == SANDBOX_TIMEOUT_S
    assert kept_for_s(600) == kept_for_s(0) == LONGEST_KEPT_S


async def test_settings_that_cannot_be_written_do_not_keep_it_from_opening(
    paths: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    paths.prepare()
    (paths.settings / "settings.json").write_text('{"open_at_login": true}')
    (paths.settings / ".settings.lock").mkdir()
    async with open_workbench(paths) as workbench:
        assert workbench.settings.open_at_login
    assert "could not be saved" in caplog.text
    caplog.clear()
