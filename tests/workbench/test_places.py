"""The three places by one wire: this computer, an E2B elsewhere, and this computer without isolation."""

import asyncio
import json
import socket
from pathlib import Path

import psutil
import pytest

from craft_desktop.model.errors import Action, SandboxRefusedError
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Phase
from craft_desktop.paths import find_paths
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import StandaloneHost, fetch, files_of, tiny_project


@pytest.fixture(autouse=True)
def no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("E2B_API_KEY", raising=False)


async def test_a_project_runs_on_an_e2b_elsewhere(
    workbench: Workbench, elsewhere: StandaloneHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await elsewhere.choose(workbench)
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    assert "accepts the key" in await workbench.test_key()
    project = await workbench.add(tiny_project(tmp_path / "cloudy"))
    await workbench.choose_provider(project.id, Provider.E2B)
    await workbench.open(project.id)
    session = workbench.session(project.id)
    assert session.phase is Phase.LIVE, session.problem
    assert session.provider is Provider.E2B
    assert json.loads((await fetch(workbench.address(project.id)))[1]) == files_of(project.path)
    assert "one preview" in await workbench.test_key()
    await workbench.close(project.id)
    assert "no preview" in await workbench.test_key()


async def test_without_a_key_nothing_is_asked_for(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(tiny_project(tmp_path / "keyless"))
    await workbench.open(project.id, Provider.E2B)
    problem = workbench.session(project.id).problem
    assert problem is not None
    assert (problem.title, problem.action) == ("E2B wants an API key", Action.OPEN_SETTINGS)


async def test_a_wrong_key_is_told_and_never_shown(
    workbench: Workbench, elsewhere: StandaloneHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    await elsewhere.choose(workbench)
    key = "e2b_" + "0" * 40
    monkeypatch.setenv("E2B_API_KEY", key)
    with pytest.raises(SandboxRefusedError) as caught:
        await workbench.test_key()
    assert caught.value.problem.title == f"E2B at {elsewhere.ready.domain} does not accept the API key"
    assert key not in str(caught.value)


async def test_an_e2b_that_does_not_answer(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        await workbench.change_setting("e2b_api_url", f"http://127.0.0.1:{unheard.getsockname()[1]}")
        monkeypatch.setenv("E2B_API_KEY", "e2b_" + "0" * 40)
        project = await workbench.add(tiny_project(tmp_path / "unheard"))
        await workbench.open(project.id, Provider.E2B)
    problem = workbench.session(project.id).problem
    assert problem is not None
    assert problem.title == "E2B at e2b.app does not answer"
    assert problem.detail == "The connection was refused."


async def test_without_bubblewrap_the_person_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from_system = tmp_path / "bin"
    from_system.mkdir()
    (from_system / "bwrap").write_text("#!/bin/sh\necho 'no permission to create a new namespace' >&2\nexit 1\n")
    (from_system / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(from_system), prepend=":")
    paths = find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "home")})
    async with open_workbench(paths) as workbench:
        project = await workbench.add(tiny_project(tmp_path / "trusted"))
        await workbench.open(project.id)
        problem = workbench.session(project.id).problem
        assert problem is not None
        assert problem.action is Action.ALLOW_UNISOLATED
        assert "no permission" in problem.detail
        await workbench.allow_unisolated(project.id)
        for _ in range(2):  # asked once, not at every start
            await workbench.open(project.id)
            session = workbench.session(project.id)
            assert session.phase is Phase.LIVE, session.problem
            assert json.loads((await fetch(workbench.address(project.id)))[1]) == files_of(project.path)
            await workbench.close(project.id)


async def test_the_host_is_started_ahead_where_a_project_on_the_list_will_want_it(tmp_path: Path) -> None:
    paths = find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "home")})
    async with open_workbench(paths) as workbench:
        await workbench.add(tiny_project(tmp_path / "later"))

    def hosts() -> list[psutil.Process]:
        """Its own: other tests may keep one for all of them."""
        children = psutil.Process().children()
        return [each for each in children if each.is_running() and str(tmp_path) in " ".join(each.cmdline())]

    assert not hosts()
    async with open_workbench(paths), asyncio.timeout(20):
        while not hosts():
            await asyncio.sleep(0.05)
    assert not hosts(), "it ends with the workbench"
