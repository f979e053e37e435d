import json
from pathlib import Path

import pytest

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.script import Framework
from craft_desktop.store.projects import ProjectStore
from craft_desktop.workbench.listing import as_it_is, note_framework
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import tiny_project


def test_a_project_that_left_the_list_stays_as_it_was(tmp_path: Path) -> None:
    store = ProjectStore(tmp_path)
    project = store.add(Path("/home/ann/a"), "a", 1.0)
    awake = store.update(project.id, keep_awake=True)
    assert as_it_is(store, project) == awake
    store.remove(project.id)
    assert as_it_is(store, project) == project


def test_another_framework_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, told = ProjectStore(tmp_path), list[str]()
    project = store.add(Path("/home/ann/a"), "a", 1.0, Framework.VITE)
    for framework in (Framework.VITE, Framework.ASTRO, Framework.ASTRO):
        note_framework(store, project.id, framework, lambda: told.append("told"))
    assert store.get(project.id).framework is Framework.ASTRO and told == ["told"]
    note_framework(store, "gone", Framework.VITE, lambda: told.append("told"))

    def full(project_id: str, **fields: object) -> None:
        raise ProjectError("The list of projects could not be saved", "No space left on device", "Make room.")

    monkeypatch.setattr(store, "update", full)
    note_framework(store, project.id, Framework.VITE, lambda: told.append("told"))
    assert told == ["told"]  # a start goes on without it


async def test_a_project_says_what_it_is_from_the_first_and_after_each_start(
    workbench: Workbench, tmp_path: Path
) -> None:
    folder = tiny_project(tmp_path / "shop")
    project = await workbench.add(folder)
    assert project.framework is Framework.OTHER
    tiny_project(
        folder, scripts={"dev": "node server.js vite"}, devDependencies={"vite": "file:./vite"}
    )  # by its words a server of Vite's
    (folder / "vite").mkdir()
    (folder / "vite" / "package.json").write_text(json.dumps({"name": "vite", "version": "1.0.0"}))
    await workbench.open(project.id)
    assert [known.framework for known in workbench.projects] == [Framework.VITE]
