"""Sandboxes rented and given back: none is forgotten, however the program ends."""

import asyncio
import signal
from pathlib import Path

import pytest

from craft_desktop.model.project import Provider
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.workbench.assemble import open_workbench
from tests.conftest import StandaloneHost, fetch, files_of, tiny_project
from tests.end2end.driver import Preview


@pytest.fixture(autouse=True)
def key(elsewhere: StandaloneHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)


async def test_a_sandbox_left_behind_is_taken_over(paths: Paths, elsewhere: StandaloneHost, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "survivor")
    (folder / "stale.txt").write_text("gone before the next start")
    async with open_workbench(paths) as workbench:
        await elsewhere.choose(workbench)
    async with Preview(tmp_path / "home", folder, "--provider", "e2b") as preview:
        live = await preview.until("live")
        preview.process.kill()
        assert await preview.end() == -signal.SIGKILL
    (folder / "stale.txt").unlink()
    async with open_workbench(paths) as workbench:
        project = await workbench.add(folder)
        await workbench.start(project.id, Provider.E2B)
        session = workbench.session(project.id)
        assert session.phase is Phase.LIVE, session.problem
        assert session.sandbox_id == live["sandbox_id"]
        assert session.steps[0].note == "reused"
        assert (await fetch(workbench.address(project.id)))[1].count("stale.txt") == 0
        assert files_of(folder).keys() >= {"server.js", "package.json"}
        await workbench.stop(project.id)
        assert "no preview" in await workbench.test_key()


async def test_a_sandbox_no_longer_wanted_is_ended_once_it_is_made(
    paths: Paths, elsewhere: StandaloneHost, tmp_path: Path
) -> None:
    async with open_workbench(paths) as workbench:
        await elsewhere.choose(workbench)
        project = await workbench.add(tiny_project(tmp_path / "hasty"))
        for turns in range(1, 40, 3):  # a stop at ever later points of the start
            starting = asyncio.gather(workbench.start(project.id, Provider.E2B))
            for _ in range(turns):
                await asyncio.sleep(0)
            await workbench.stop(project.id)
            await starting
            assert workbench.session(project.id).phase is Phase.STOPPED
        async with asyncio.timeout(10):
            while "no preview" not in await workbench.test_key():
                await asyncio.sleep(0.05)
