"""Projects added, remembered and removed; settings and the key; everything stopped at the end."""

import json
from pathlib import Path

import psutil
import pytest

from craft_desktop.model.errors import ChoiceError, ProjectError, SettingError
from craft_desktop.model.events import Event, ProjectsChanged
from craft_desktop.model.operations import RunState
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.store.secrets import KeySource
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import LONGEST_NAME, Workbench
from tests.conftest import fetch, tiny_project


async def test_projects_are_remembered_with_their_address(paths: Paths, tmp_path: Path) -> None:
    events: list[Event] = []
    async with open_workbench(paths) as workbench:
        workbench.subscribe(events.append)
        one = await workbench.add(tiny_project(tmp_path / "one" / "shop"))
        two = await workbench.add(tiny_project(tmp_path / "two" / "shop"))
        again = await workbench.add(tmp_path / "one" / "shop" / "package.json")
        assert again == one
        assert (one.slug, two.slug) == ("shop", "shop-2")
        assert isinstance(events[-1], ProjectsChanged) and len(events) == 2
        address = workbench.address(two.id)
    async with open_workbench(paths) as workbench:
        assert {project.id for project in workbench.projects} == {one.id, two.id}
        assert workbench.address(two.id).split(":")[1] == address.split(":")[1]
        status, page = await fetch(workbench.address(two.id))
        assert status == 503 and "shop is not running" in page


async def test_two_copies_of_the_program_share_the_list(paths: Paths, tmp_path: Path) -> None:
    async with open_workbench(paths) as one, open_workbench(paths) as two:
        theirs = await two.add(tiny_project(tmp_path / "theirs"))
        ours = await one.add(tiny_project(tmp_path / "ours"))
        assert {project.id for project in one.projects} == {theirs.id, ours.id}
        assert one.session(theirs.id).phase is Phase.STOPPED
        await two.remove(theirs.id)
        await two.remove(ours.id)
        await one.add(tiny_project(tmp_path / "third"))
        assert [project.name for project in one.projects] == ["third"]
        assert (await one.health(ours.id)).is_healthy is False
        assert one.status(ours.id).state is RunState.INACTIVE


@pytest.mark.parametrize("bad", ["missing", "file.txt", "empty"])
async def test_what_cannot_be_run_is_not_listed(workbench: Workbench, tmp_path: Path, bad: str) -> None:
    (tmp_path / "file.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError) as caught:
        await workbench.add(tmp_path / bad)
    assert caught.value.problem.detail and caught.value.problem.remedy
    assert workbench.projects == ()


async def test_a_removed_project_is_stopped_and_its_files_stay(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "kept")
    project = await workbench.add(folder)
    await workbench.open(project.id)
    assert workbench.session(project.id).phase is Phase.LIVE
    url = workbench.address(project.id)
    await workbench.remove(project.id)
    assert workbench.projects == ()
    assert (folder / "server.js").is_file()
    assert "No project has this address" in (await fetch(url))[1]


async def test_the_sample_is_copied_once(workbench: Workbench, paths: Paths) -> None:
    project = await workbench.add_sample()
    page = project.path / "app" / "page.tsx"
    assert project.path.parent == paths.documents
    page.write_text("mine")
    assert await workbench.add_sample() == project
    assert page.read_text() == "mine"


async def test_a_name_is_no_place_to_hide_a_novel(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "long")
    manifest = json.loads((folder / "package.json").read_text())
    (folder / "package.json").write_text(json.dumps({**manifest, "name": "x" * 5000}))
    project = await workbench.add(folder)
    assert len(project.name) == LONGEST_NAME


async def test_a_port_is_remembered_and_a_wrong_one_refused(paths: Paths, tmp_path: Path) -> None:
    async with open_workbench(paths) as workbench:
        project = await workbench.add(tiny_project(tmp_path / "ported"))
        await workbench.choose_port(project.id, 8080)
        for wrong in (0, 65536, -1):
            with pytest.raises(ProjectError, match="not a port"):
                await workbench.choose_port(project.id, wrong)
    async with open_workbench(paths) as workbench:
        assert workbench.projects[0].port == 8080
        await workbench.choose_port(project.id, None)
        assert workbench.projects[0].port is None


async def test_a_monorepo_of_several_apps_asks_which(workbench: Workbench, tmp_path: Path) -> None:
    top = tmp_path / "top"
    for name in ("one", "two"):
        tiny_project(top / "apps" / name)
    (top / "package.json").write_text('{"workspaces": ["apps/*"]}')
    with pytest.raises(ChoiceError) as caught:
        await workbench.add(top)
    assert [name for name, _ in caught.value.choices] == ["one", "two"]
    assert (await workbench.add(caught.value.choices[1][1])).name == "two"


async def test_a_refused_setting_changes_nothing(workbench: Workbench) -> None:
    before = workbench.settings
    with pytest.raises(SettingError):
        await workbench.change_setting("install_limit_s", 3)
    assert workbench.settings == before
    await workbench.change_setting("install_limit_s", 300)
    assert workbench.settings.install_limit_s == 300


async def test_a_key_is_kept_masked_and_never_logged(
    workbench: Workbench, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    key = "e2b_" + "abcd1234" * 5
    state = await workbench.save_key(key)
    assert state.source in (KeySource.MEMORY, KeySource.KEYRING)
    assert key not in state.masked and state.masked.endswith("1234")
    await workbench.change_setting("e2b_api_url", f"http://127.0.0.1:1/{key}")
    with pytest.raises(Exception, match="does not answer"):
        await workbench.test_key()
    assert (await workbench.forget_key()).source is KeySource.NONE
    written = "".join(path.read_text() for path in paths.logs.iterdir())
    assert "•••" in written and key not in written


async def test_everything_is_stopped_at_the_end(paths: Paths, tmp_path: Path) -> None:
    others = set(psutil.Process().children(recursive=True))
    async with open_workbench(paths) as workbench:
        for name in ("a", "b"):
            project = await workbench.add(tiny_project(tmp_path / name))
            await workbench.open(project.id)
        below = [child for child in psutil.Process().children(recursive=True) if child not in others]
        assert len(below) > 6
    _, alive = psutil.wait_procs(below, 5)
    assert alive == []
