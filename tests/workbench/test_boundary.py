"""A folder that holds the program's own is refused, when it is added and when it is started."""

import json
from pathlib import Path

import pytest

from craft_desktop.model.errors import Action, ProjectError
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.workbench.boundary import read_apart
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import tiny_project
from tests.workbench.watching import commands_below


def test_a_project_beside_the_programs_folders_is_read(paths: Paths, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "shop")
    assert read_apart(folder, paths.own).path == folder


@pytest.mark.parametrize("name", ["settings", "state", "cache", "logs"])
def test_a_folder_that_holds_one_of_them_is_refused(paths: Paths, tmp_path: Path, name: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to("home")
    tiny_project(tmp_path / "home" / name)
    with pytest.raises(ProjectError, match="holds more than a project"):
        read_apart(tmp_path / "link" / name, paths.own)


def test_so_is_a_monorepo_whose_top_does(paths: Paths, tmp_path: Path) -> None:
    app = tiny_project(tmp_path / "apps" / "web")
    assert read_apart(app, paths.own).root == app
    (tmp_path / "package.json").write_text(json.dumps({"workspaces": ["apps/*"]}))
    with pytest.raises(ProjectError) as caught:
        read_apart(app, paths.own)
    assert str(tmp_path) in caught.value.problem.detail


async def test_it_is_neither_added_nor_started(workbench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        await workbench.add(tiny_project(tmp_path))
    assert caught.value.problem.action is Action.OPEN_FOLDER
    assert workbench.projects == ()
    (tmp_path / "package.json").unlink()
    project = await workbench.add(tiny_project(tmp_path / "apps" / "web"))
    (tmp_path / "package.json").write_text(json.dumps({"workspaces": ["apps/*"]}))
    await workbench.open(project.id)
    session = workbench.session(project.id)
    assert session.phase is Phase.FAILED and session.problem is not None
    assert session.problem.title == "This folder holds more than a project"
    assert [line for line in commands_below() if str(tmp_path) in " ".join(line)] == []
