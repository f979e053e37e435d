"""A page on E2B that everybody sees, or nobody but this program: with a real host that stands for E2B."""

from pathlib import Path

import aiohttp
import pytest

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import StandaloneHost, tiny_project
from tests.faults.stage import check_words


async def asked_by_a_stranger(workbench: Workbench, elsewhere: StandaloneHost, project: Project) -> int:
    """Give the status that somebody without any token gets at the sandbox's own address."""
    session = workbench.session(project.id)
    host = f"{session.port}-{session.sandbox_id}.{elsewhere.ready.domain}"
    if session.public_url is not None:
        assert session.public_url == f"https://{host}"
    async with (
        aiohttp.ClientSession() as http,
        http.get(elsewhere.ready.traffic_url, headers={"Host": host}) as answer,
    ):
        return answer.status


async def test_shared_on_purpose_alone(
    paths: Paths, elsewhere: StandaloneHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    async with open_workbench(paths) as workbench:
        await elsewhere.choose(workbench)
        project = await workbench.add(tiny_project(tmp_path / "shop"))
        await workbench.choose_provider(project.id, Provider.E2B)
        await workbench.open(project.id)
        assert workbench.session(project.id).public_url is None
        assert await asked_by_a_stranger(workbench, elsewhere, project) == 403

        before = workbench.session(project.id).sandbox_id
        await workbench.sharing.share(project.id, True)
        session = workbench.session(project.id)
        assert session.phase is Phase.LIVE and session.sandbox_id != before
        assert await asked_by_a_stranger(workbench, elsewhere, project) == 200
        await workbench.sharing.share(project.id, True)
        assert workbench.session(project.id).sandbox_id == session.sandbox_id

        await workbench.restart(project.id)
        assert workbench.session(project.id).public_url == session.public_url
        await workbench.close(project.id)
        assert workbench.session(project.id).public_url is None

    async with open_workbench(paths) as workbench:  # it is remembered
        await workbench.open(project.id)
        assert await asked_by_a_stranger(workbench, elsewhere, project) == 200
        await workbench.sharing.share(project.id, False)
        assert workbench.session(project.id).phase is Phase.LIVE
        assert await asked_by_a_stranger(workbench, elsewhere, project) == 403
        await workbench.close(project.id)
        await workbench.sharing.share(project.id, True)
        assert workbench.session(project.id).phase is Phase.STOPPED


async def test_what_was_left_running_public_is_not_taken_over_private(
    paths: Paths, elsewhere: StandaloneHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    async with open_workbench(paths) as workbench:
        await elsewhere.choose(workbench)
        await workbench.change_setting("when_quit", "keep")
        project = await workbench.add(tiny_project(tmp_path / "shop"))
        await workbench.choose_provider(project.id, Provider.E2B)
        await workbench.sharing.share(project.id, True)
        await workbench.open(project.id)
        left = workbench.session(project.id).sandbox_id
    async with open_workbench(paths) as workbench:
        await workbench.change_setting("when_quit", "stop")
        await workbench.sharing.share(project.id, False)
        await workbench.open(project.id)
        assert workbench.session(project.id).sandbox_id not in (None, left)
        assert await asked_by_a_stranger(workbench, elsewhere, project) == 403


async def test_what_runs_here_cannot_be_shared(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(tiny_project(tmp_path / "shop"))
    with pytest.raises(ProjectError) as refused:
        await workbench.sharing.share(project.id, True)
    check_words(refused.value.problem)
    assert not workbench.projects[0].is_shared
