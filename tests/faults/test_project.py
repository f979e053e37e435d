"""Faults of the project itself: its install, its dev server, its folder."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from craft_desktop.model.events import Notice
from craft_desktop.model.session import Phase
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, files_of, tiny_project
from tests.faults.mounts import mount, needs_mounts, unmount
from tests.faults.stage import check_words
from tests.workbench.watching import Watcher, commands_below, failed, started, until_equal


@pytest.mark.parametrize(
    ("scripts", "title"),
    [
        ({"preinstall": "kill -KILL $PPID; sleep 1"}, "Installing was killed: there was not enough memory"),
        ({"preinstall": "exit 137"}, "Installing was killed: there was not enough memory"),
        (
            {"dev": "exec sh -c 'echo compiling; kill -KILL $$'"},
            "The dev server was killed: there was not enough memory",
        ),
    ],
)
async def test_killed_for_memory(workbench: Workbench, tmp_path: Path, scripts: dict[str, str], title: str) -> None:
    """The kernel's out-of-memory killer sends what is sent here."""
    folder = tiny_project(tmp_path / "p", scripts=scripts)
    problem = await failed(workbench, folder)
    check_words(problem)
    assert problem.title == title, problem
    assert "more memory" in problem.remedy
    tiny_project(folder)
    await started(workbench, folder)


async def test_a_folder_whose_disk_was_taken_away_while_live(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await started(workbench, folder)
    watcher = Watcher(workbench)
    # what is seen of an unmount: the mount point, and nothing in it
    folder.rename(tmp_path / "disk")
    folder.mkdir()
    notice = await watcher.until(lambda event: isinstance(event, Notice) and "emptied" in event.problem.title)
    assert isinstance(notice, Notice)
    check_words(notice.problem)
    # the page goes on with the copy, the folder is left alone, and is in step again once it is back
    told = json.loads((await fetch(workbench.address(project.id)))[1])
    assert "server.js" in told and list(folder.iterdir()) == []
    folder.rmdir()
    (tmp_path / "disk").rename(folder)
    (folder / "later.txt").touch()
    await until_equal(workbench, project)
    assert workbench.session(project.id).phase is Phase.LIVE


async def test_a_folder_replaced_while_live(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    (folder / "old.txt").write_text("old")
    project = await started(workbench, folder)
    other = tiny_project(tmp_path / "other", scripts={"postinstall": "true"})
    (other / "new.txt").write_text("new")
    folder.rename(tmp_path / "before")
    other.rename(folder)
    async with asyncio.timeout(30):
        while True:
            # it is installed again: meanwhile the waiting page is served, with 503
            status, page = await fetch(workbench.address(project.id))
            if status == 200 and json.loads(page) == files_of(folder):
                break
            await asyncio.sleep(0.05)
    assert workbench.session(project.id).problem is None


@needs_mounts
@pytest.mark.parametrize("kind", ["disk", "bind"])
async def test_a_folder_that_is_unmounted_while_live_and_mounted_again(
    workbench: Workbench, tmp_path: Path, kind: str
) -> None:
    """A disk that goes takes its watches with it; behind a bind mount they stay, and see nothing more."""
    folder, disk = tmp_path / "p", tmp_path / "disk"
    folder.mkdir()

    def attach() -> None:
        if kind == "bind":
            subprocess.run(["mount", "--bind", str(disk), str(folder)], check=True)
        else:
            mount(folder, "8m")

    tiny_project(disk)
    attach()
    try:
        tiny_project(folder)
        project = await started(workbench, folder)
        watcher = Watcher(workbench)
        unmount(folder)
        assert list(folder.iterdir()) == []
        notice = await watcher.until(lambda event: isinstance(event, Notice) and "emptied" in event.problem.title)
        assert isinstance(notice, Notice)
        check_words(notice.problem)
        told = json.loads((await fetch(workbench.address(project.id)))[1])
        assert "server.js" in told and list(folder.iterdir()) == []
        assert workbench.session(project.id).phase is Phase.LIVE
        attach()
        tiny_project(folder)
        (folder / "later.txt").write_text("saved after it came back")
        await until_equal(workbench, project)
        (folder / "last.txt").write_text("and seen as before")
        await until_equal(workbench, project)
        assert workbench.session(project.id).problem is None
        await workbench.close(project.id)
    finally:
        unmount(folder)
    await started_again(workbench, tiny_project(folder))


async def started_again(workbench: Workbench, folder: Path) -> None:
    """Check that the folder starts as it is now, and that nothing of an earlier run is left."""
    project = await started(workbench, folder)
    await until_equal(workbench, project)
    servers = [line for line in commands_below() if line[-1:] == ["server.js"]]
    assert len(servers) == 1, servers
    await workbench.close(project.id)
