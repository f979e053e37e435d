import json
import os
import shutil
from pathlib import Path

import pytest

from craft_desktop.model.changes import Need
from craft_desktop.model.errors import Action, ProjectError
from craft_desktop.model.project import PackageManager
from craft_desktop.model.script import Framework
from craft_desktop.workbench.folder import find_project, read_folder
from craft_desktop.workbench.workspaces import MANIFEST_LIMIT_BYTES

MANIFEST = {"name": "shop", "scripts": {"dev": "next dev"}, "dependencies": {"next": "16.4.3"}}


def project(folder: Path, **files: object) -> Path:
    """Make a folder with a package.json; `files` are others by name, `__` for a dot."""
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text(json.dumps(MANIFEST))
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(str(content))
    return folder


def key_with(folder: Path, **fields: object) -> str:
    (folder / "package.json").write_text(json.dumps({**MANIFEST, **fields}))
    return read_folder(folder).dependency_key


class TestFindProject:
    @pytest.mark.parametrize("name", ["shop", "my shop", "käse “日本”", "it's", "a\nb", "package.json"])
    def test_a_folder_is_found_by_itself_or_by_its_manifest(self, tmp_path: Path, name: str) -> None:
        folder = project(tmp_path / name)
        assert find_project(folder) == folder
        assert find_project(folder / "package.json") == folder

    def test_a_folder_without_a_manifest_is_found_too(self, tmp_path: Path) -> None:
        assert find_project(tmp_path) == tmp_path

    def test_a_link_leads_to_the_folder_itself(self, tmp_path: Path) -> None:
        folder = project(tmp_path / "shop")
        (tmp_path / "link").symlink_to(folder)
        assert find_project(tmp_path / "link") == folder

    def test_a_relative_path_and_a_tilde_are_understood(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = project(tmp_path / "shop")
        monkeypatch.chdir(folder)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert find_project(Path()) == find_project(Path("~/shop")) == find_project(Path("../shop")) == folder

    def test_what_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ProjectError, match="not there"):
            find_project(tmp_path / "gone")
        (tmp_path / "broken").symlink_to(tmp_path / "gone")
        with pytest.raises(ProjectError, match="not there"):
            find_project(tmp_path / "broken")

    def test_another_file_is_no_project(self, tmp_path: Path) -> None:
        (tmp_path / "page.tsx").touch()
        with pytest.raises(ProjectError, match="not a project folder"):
            find_project(tmp_path / "page.tsx")

    @pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "~nobody-of-this-name/shop"])
    def test_a_path_that_cannot_be_one_is_told(
        self, tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ProjectError):
            find_project(Path(path))

    def test_a_circle_of_links_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        with pytest.raises(ProjectError, match="cannot be read"):
            find_project(tmp_path / "a")


class TestReadFolder:
    def test_a_project_is_read(self, tmp_path: Path) -> None:
        folder = read_folder(project(tmp_path / "shop", **{"pnpm-lock__yaml": "lockfileVersion: 9"}))
        assert folder.path == tmp_path / "shop"
        assert folder.recipe.framework is Framework.NEXT
        assert folder.recipe.package_manager is PackageManager.PNPM
        assert folder.recipe.lock_file == "pnpm-lock.yaml"

    def test_a_byte_order_mark_is_no_mistake(self, tmp_path: Path) -> None:
        (tmp_path / "package.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(MANIFEST).encode())
        assert read_folder(tmp_path).recipe.name == "shop"

    def test_a_mistake_is_told_with_its_place(self, tmp_path: Path) -> None:
        (tmp_path / "package.json").write_text('{\n  "name" "shop"\n}')
        with pytest.raises(ProjectError, match="Line 2, column 10"):
            read_folder(tmp_path)

    def test_a_folder_that_is_gone_may_be_taken_off_the_list(self, tmp_path: Path) -> None:
        folder = project(tmp_path / "shop")
        shutil.rmtree(folder)
        with pytest.raises(ProjectError) as caught:
            read_folder(folder)
        assert caught.value.problem.action is Action.REMOVE_PROJECT

    def test_a_file_in_the_folders_place_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "shop").touch()
        with pytest.raises(ProjectError, match="cannot be read"):
            read_folder(tmp_path / "shop")

    def test_a_missing_manifest_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ProjectError, match=r"no package\.json in the folder"):
            read_folder(tmp_path)

    @pytest.mark.parametrize("kind", ["folder", "broken link", "pipe", "other case"])
    def test_what_only_bears_the_name_is_no_manifest(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "package.json"
        match kind:
            case "folder":
                path.mkdir()
            case "broken link":
                path.symlink_to(tmp_path / "gone")
            case "pipe":
                os.mkfifo(path)  # opening it would wait for ever
            case _:
                (tmp_path / "Package.json").write_text("{}")
        with pytest.raises(ProjectError, match=r"no package\.json in the folder"):
            read_folder(tmp_path)

    def test_what_only_bears_the_name_is_no_lock_file(self, tmp_path: Path) -> None:
        folder = project(tmp_path / "shop")
        key = read_folder(folder).dependency_key
        (folder / "yarn.lock").symlink_to("gone")
        (folder / "bun.lock").mkdir()
        os.mkfifo(folder / "pnpm-lock.yaml")
        read = read_folder(folder)
        assert (read.recipe.lock_file, read.dependency_key) == (None, key)

    def test_a_link_to_a_manifest_is_followed(self, tmp_path: Path) -> None:
        folder = project(tmp_path / "shop")
        (tmp_path / "twin").mkdir()
        (tmp_path / "twin" / "package.json").symlink_to(folder / "package.json")
        assert read_folder(tmp_path / "twin").recipe.name == "shop"

    def test_a_manifest_that_is_no_text_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "package.json").write_bytes(b'{"name": "\xff"}')
        with pytest.raises(ProjectError, match="Byte 10 cannot be read"):
            read_folder(tmp_path)

    def test_a_huge_manifest_is_not_read(self, tmp_path: Path) -> None:
        with (tmp_path / "package.json").open("wb") as file:
            file.truncate(MANIFEST_LIMIT_BYTES + 1)
        with pytest.raises(ProjectError, match="too large"):
            read_folder(tmp_path)

    @pytest.mark.parametrize("name", ["", "package.json", "yarn.lock"])
    def test_what_may_not_be_read_is_told(self, humble: Path, name: str) -> None:
        folder = project(humble / "shop", yarn__lock="")
        (folder / name).chmod(0)
        try:
            with pytest.raises(ProjectError, match="Permission denied") as caught:
                read_folder(folder)
        finally:
            (folder / name).chmod(0o700)
        assert caught.value.problem.action is Action.OPEN_FOLDER
        assert caught.value.problem.detail.startswith(f"{folder / name}: ")

    def test_nothing_in_the_folder_is_changed(self, tmp_path: Path) -> None:
        folder = project(tmp_path / "shop", yarn__lock="x")
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
        read_folder(folder)
        assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before


class TestDependencyKey:
    @pytest.mark.parametrize(
        "fields",
        [
            {"dependencies": {"next": "16.4.4"}},
            {"dependencies": {"next": "16.4.3", "clsx": "2"}},
            {"devDependencies": {"typescript": "6"}},
            {"optionalDependencies": {"fsevents": "2"}},
            {"peerDependencies": {"react": "19"}},
            {"overrides": {"react": "19"}},
            {"resolutions": {"react": "19"}},
            {"pnpm": {"overrides": {}}},
            {"packageManager": "pnpm@9"},
            {"workspaces": ["packages/*"]},
            {"engines": {"node": ">=24"}},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_it_changes_with_what_is_installed(self, tmp_path: Path, fields: dict[str, object]) -> None:
        assert key_with(tmp_path, **fields) != key_with(tmp_path)

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "market"},
            {"version": "2.0.0"},
            {"description": "dependencies"},
            {"scripts": {"dev": "next dev -p 4000"}},
            {"browserslist": ["defaults"]},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_it_stays_with_what_is_not(self, tmp_path: Path, fields: dict[str, object]) -> None:
        assert key_with(tmp_path, **fields) == key_with(tmp_path)

    def test_it_stays_with_layout_and_order(self, tmp_path: Path) -> None:
        (tmp_path / "package.json").write_text(json.dumps({**MANIFEST, "dependencies": {"a": "1", "b": "2"}}))
        key = read_folder(tmp_path).dependency_key
        turned = {"dependencies": {"b": "2", "a": "1"}, "scripts": MANIFEST["scripts"], "name": "shop"}
        (tmp_path / "package.json").write_text("\n" + json.dumps(turned, indent=8) + "\n")
        assert read_folder(tmp_path).dependency_key == key

    def test_it_changes_with_a_lock_file(self, tmp_path: Path) -> None:
        folder = project(tmp_path / "shop")
        keys = [read_folder(folder).dependency_key]
        for content in ("a", "b", None):
            if content is None:
                (folder / "yarn.lock").rename(folder / "bun.lock")
            else:
                (folder / "yarn.lock").write_text(content)
            keys.append(read_folder(folder).dependency_key)
        assert len(set(keys)) == len(keys)

    def test_it_stays_with_every_other_file(self, tmp_path: Path) -> None:
        folder = project(tmp_path / "shop")
        key = read_folder(folder).dependency_key
        (folder / "page.tsx").write_text("export default 1")
        assert read_folder(folder).dependency_key == key


def test_the_node_version_is_read_from_engines_or_a_version_manager(tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    assert read_folder(folder).recipe.node_range == ""
    (folder / ".nvmrc").write_text("v22\n")
    before = read_folder(folder)
    assert before.recipe.node_range == "v22"
    (folder / ".nvmrc").write_text("v24\n")
    assert before.need(read_folder(folder), {".nvmrc"}) is Need.NOTHING
    (folder / "package.json").write_text(json.dumps({**MANIFEST, "engines": {"node": ">=20"}}))
    # what the person works with, before what it may run on
    assert read_folder(folder).recipe.node_range == "v24"
    (folder / ".nvmrc").unlink()
    recipe = read_folder(folder).recipe
    assert (recipe.node_range, recipe.node_source) == (">=20", "“engines” in package.json")


@pytest.mark.parametrize(
    ("fields", "need"),
    [
        ({"name": "store"}, Need.NOTHING),
        ({"version": "2.0.0"}, Need.NOTHING),
        ({"scripts": {"dev": "next dev", "lint": "eslint"}}, Need.NOTHING),
        ({"scripts": {"dev": "next dev --turbopack"}}, Need.RESTART),
        ({"dependencies": {"next": "16.4.6"}}, Need.REINSTALL),
        ({"scripts": {"dev": "next dev", "postinstall": "prisma generate"}}, Need.REINSTALL),
    ],
)
def test_an_edited_manifest_asks_for_what_it_changes(tmp_path: Path, fields: dict[str, object], need: Need) -> None:
    folder = project(tmp_path / "shop")
    before = read_folder(folder)
    (folder / "package.json").write_text(json.dumps({**MANIFEST, **fields}))
    assert before.need(read_folder(folder), {"package.json"}) is need


BUILDS = {"tasks": {"dev": {"dependsOn": ["^build"]}}}


@pytest.mark.parametrize(
    ("top", "own", "installed", "expected"),
    [
        (BUILDS, None, True, "./node_modules/.bin/turbo run build '--filter=web^...'"),
        (BUILDS, None, False, ""),
        (None, BUILDS, True, "./node_modules/.bin/turbo run build '--filter=web^...'"),
        ({"tasks": {"dev": {}}}, None, True, ""),
        ("{ broken", None, True, ""),
    ],
)
def test_turborepo_builds_packages_before_the_dev_script(
    tmp_path: Path, top: object, own: object, installed: bool, expected: str
) -> None:
    root = {"workspaces": ["apps/*"], "devDependencies": {"turbo": "2"} if installed else {}}
    web = tmp_path / "apps" / "web"
    web.mkdir(parents=True)
    (tmp_path / "package.json").write_text(json.dumps(root))
    (web / "package.json").write_text(json.dumps({"name": "web", "scripts": {"dev": "next dev"}}))
    for folder, config in ((tmp_path, top), (web, own)):
        if config is not None:
            (folder / "turbo.json").write_text(config if isinstance(config, str) else json.dumps(config))
    assert read_folder(web).recipe.before_dev == expected
