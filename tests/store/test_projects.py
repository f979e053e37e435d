import json
import multiprocessing
import os
from pathlib import Path

import pytest

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.script import Framework
from craft_desktop.store.projects import ProjectStore

SPAWN = multiprocessing.get_context("spawn")
DEADLINE_S = 30.0


def add_many(folder: Path, who: str) -> None:
    store = ProjectStore(folder)
    for number in range(25):
        store.add(Path(f"/home/ann/{who}/{number}"), "shop", float(number))


def kept(folder: Path) -> list[dict[str, object]]:
    value = json.loads((folder / "projects.json").read_text())
    assert isinstance(value, list)
    return value


def test_a_project_is_remembered(tmp_path: Path) -> None:
    store = ProjectStore(tmp_path)
    project = store.add(Path("/home/ann/shop"), "My Shop", 100.0)
    assert project == Project(project.id, "my-shop", "My Shop", Path("/home/ann/shop"), 100.0, 100.0)
    assert store.get(project.id) == project
    assert store.at(Path("/home/ann/shop")) == project
    assert store.at(Path("/work")) is None
    assert ProjectStore(tmp_path).all() == store.all() == (project,)


def test_a_folder_is_on_the_list_once(tmp_path: Path) -> None:
    store = ProjectStore(tmp_path)
    first = store.add(Path("/home/ann/shop"), "shop", 100.0)
    assert store.add(Path("/home/ann/shop"), "another name", 200.0) == first
    assert store.all() == (first,)


def test_the_last_used_stands_first(tmp_path: Path) -> None:
    store = ProjectStore(tmp_path)
    ids = [store.add(Path(f"/home/ann/{name}"), name, now).id for name, now in (("a", 1.0), ("b", 3.0), ("c", 2.0))]
    store.update(ids[0], used_at=4.0)
    assert [project.name for project in ProjectStore(tmp_path).all()] == ["a", "b", "c"]


def test_a_slug_is_its_projects_for_good(tmp_path: Path) -> None:
    store = ProjectStore(tmp_path)
    first = store.add(Path("/home/ann/a/shop"), "shop", 1.0)
    second = store.add(Path("/home/ann/b/shop"), "shop", 2.0)
    assert (first.slug, second.slug) == ("shop", "shop-2")
    store.remove(first.id)
    renamed = store.update(second.id, name="market")
    assert renamed.slug == "shop-2"


def test_fields_are_changed_and_kept(tmp_path: Path) -> None:
    store = ProjectStore(tmp_path)
    project = store.add(Path("/home/ann/shop"), "shop", 1.0)
    changed = store.update(project.id, provider=Provider.E2B, unisolated=True)
    assert (changed.provider, changed.unisolated, changed.path) == (Provider.E2B, True, Path("/home/ann/shop"))
    assert ProjectStore(tmp_path).get(project.id) == changed
    assert store.update(project.id, provider=None).provider is None


def test_a_project_off_the_list_is_unknown_and_its_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    store = ProjectStore(tmp_path)
    project = store.add(folder, "shop", 1.0)
    store.remove(project.id)
    store.remove(project.id)
    assert store.all() == ()
    assert folder.is_dir()
    with pytest.raises(KeyError):
        store.get(project.id)
    with pytest.raises(KeyError):
        store.update(project.id, name="x")
    assert ProjectStore(tmp_path).all() == ()


@pytest.mark.parametrize("name", [b"caf\xe9", "日本 “shop”\n".encode(), b"a\tb'\""])
def test_a_folder_of_any_name_is_remembered(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(b"/home/ann/" + name))
    project = ProjectStore(tmp_path).add(path, path.name, 1.0)
    assert ProjectStore(tmp_path).get(project.id) == project
    assert os.fsencode(ProjectStore(tmp_path).all()[0].path) == b"/home/ann/" + name


def test_two_copies_lose_none_of_each_others_projects(tmp_path: Path) -> None:
    children = [SPAWN.Process(target=add_many, args=(tmp_path, who)) for who in ("a", "b")]
    for child in children:
        child.start()
    for child in children:
        child.join(DEADLINE_S)
    assert [child.exitcode for child in children] == [0, 0]
    projects = ProjectStore(tmp_path).all()
    assert {str(project.path) for project in projects} == {f"/home/ann/{who}/{n}" for who in "ab" for n in range(25)}
    assert len({project.slug for project in projects}) == len({project.id for project in projects}) == 50


def test_what_another_copy_did_is_seen_with_the_next_change(tmp_path: Path) -> None:
    first, second = ProjectStore(tmp_path), ProjectStore(tmp_path)
    shop, blog = first.add(Path("/shop"), "shop", 1.0), first.add(Path("/blog"), "blog", 2.0)
    assert second.add(Path("/shop"), "shop", 3.0) == shop
    first.remove(blog.id)
    with pytest.raises(KeyError):
        second.update(blog.id, name="gone")
    assert second.update(shop.id, name="market").name == "market"
    assert [project.name for project in second.all()] == ["market"]


GOOD = {"id": "p1", "slug": "shop", "name": "shop", "path": "/shop", "added_at": 1, "used_at": 2.5}


@pytest.mark.parametrize(
    "bad",
    [
        3,
        None,
        [],
        {},
        {**GOOD, "added_at": "yesterday"},
        {**GOOD, "used_at": None},
        {**GOOD, "provider": "moon"},
        {**GOOD, "added_at": 10**400},
        {name: value for name, value in GOOD.items() if name != "path"},
    ],
)
def test_an_entry_that_is_no_project_is_told_and_left_out_alone(
    tmp_path: Path, bad: object, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "projects.json").write_text(json.dumps([bad, {**GOOD, "id": "p2", "unisolated": "yes"}]))
    (project,) = ProjectStore(tmp_path).all()
    assert project == Project("p2", "shop", "shop", Path("/shop"), 1.0, 2.5)
    assert "left out" in caplog.text


@pytest.mark.parametrize("content", ["[", '{"p1": {}}', "null"])
def test_a_broken_list_is_set_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / "projects.json").write_text(content)
    store = ProjectStore(tmp_path)
    assert store.all() == ()
    store.add(Path("/shop"), "shop", 1.0)
    assert len(kept(tmp_path)) == 1
    (aside,) = tmp_path.glob("projects.json.broken-*")
    assert aside.read_text() == content


def test_a_list_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "projects.json").mkdir()
    with pytest.raises(ProjectError, match="could not be read"):
        ProjectStore(tmp_path)


def test_a_list_that_cannot_be_saved_is_told_and_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    store = ProjectStore(folder)
    project = store.add(Path("/shop"), "shop", 1.0)
    (folder / "projects.json").unlink()
    (folder / ".projects.lock").unlink()
    folder.rmdir()
    for change in (
        lambda: store.add(Path("/blog"), "blog", 2.0),
        lambda: store.update(project.id, name="x"),
        lambda: store.remove(project.id),
    ):
        with pytest.raises(ProjectError, match="could not be saved"):
            change()
    assert store.all() == (project,)


def test_a_framework_is_remembered_and_nonsense_is_none(tmp_path: Path) -> None:
    store = ProjectStore(tmp_path)
    astro = store.add(Path("/home/ann/a"), "a", 1.0, Framework.ASTRO)
    plain = store.add(Path("/home/ann/b"), "b", 2.0)
    assert ProjectStore(tmp_path).get(astro.id).framework is Framework.ASTRO
    assert ProjectStore(tmp_path).get(plain.id).framework is None
    items = [{**item, "framework": wrong} for item, wrong in zip(kept(tmp_path), ("COBOL", ["Next.js"]), strict=True)]
    (tmp_path / "projects.json").write_text(json.dumps(items))
    assert [project.framework for project in ProjectStore(tmp_path).all()] == [None, None]
