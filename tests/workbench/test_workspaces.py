import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from craft_desktop.model.errors import ChoiceError
from craft_desktop.model.project import PackageManager
from craft_desktop.model.script import Framework
from craft_desktop.workbench.folder import Folder, choose_app, read_folder
from craft_desktop.workbench.workspaces import (
    MANIFEST_LIMIT_BYTES,
    Workspace,
    is_app_itself,
    workspace_at,
    workspace_of,
)

NEXT_APP = {"name": "web", "scripts": {"dev": "next dev"}, "dependencies": {"next": "16"}}


def write(folder: Path, **manifest: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A monorepo with two apps, a library that compiles itself, and a lock file."""
    root = write(tmp_path / "top", name="top", workspaces=["apps/*", "packages/*"], packageManager="pnpm@10.34.8")
    (root / "pnpm-lock.yaml").write_text("lockfileVersion: '9.0'\n")
    write(root / "apps" / "web", **NEXT_APP)
    write(root / "apps" / "docs", name="docs", scripts={"dev": "astro dev"}, dependencies={"astro": "5"})
    write(root / "packages" / "words", name="words", version="1.0.0", scripts={"dev": "tsc -w"})
    write(root / "apps" / "web" / "node_modules" / "apps" / "no", **NEXT_APP)
    return root


def key(folder: Path) -> str:
    return read_folder(folder).dependency_key


def test_an_app_is_installed_at_the_top_and_served_in_its_folder(top: Path) -> None:
    folder = read_folder(top / "apps" / "web")
    assert (folder.path, folder.root) == (top / "apps" / "web", top)
    recipe = folder.recipe
    assert (recipe.install_dir, recipe.app_dir) == ("", "apps/web")
    assert (recipe.package_manager, recipe.package_manager_version) == (PackageManager.PNPM, "10.34.8")
    assert (recipe.lock_file, recipe.framework) == ("pnpm-lock.yaml", Framework.NEXT)


def test_a_project_by_itself_is_its_own_top(tmp_path: Path) -> None:
    folder = read_folder(write(tmp_path / "shop", **NEXT_APP))
    assert (folder.root, folder.recipe.app_dir) == (folder.path, "")


def test_the_top_leaves_the_choice_to_the_person(top: Path) -> None:
    with pytest.raises(ChoiceError) as caught:
        choose_app(top)
    assert caught.value.choices == (("docs", top / "apps" / "docs"), ("web", top / "apps" / "web"))
    assert caught.value.problem.detail == "apps/docs (Astro)\napps/web (Next.js)"
    assert choose_app(top / "apps" / "web") == top / "apps" / "web"


def test_one_app_needs_no_choice(top: Path) -> None:
    (top / "apps" / "docs" / "package.json").unlink()
    assert choose_app(top) == top / "apps" / "web"


def test_a_top_that_is_an_app_itself_is_meant(top: Path) -> None:
    write(top, workspaces=["packages/*"], **NEXT_APP)
    workspace = workspace_at(top)
    assert workspace is not None and is_app_itself(workspace)
    assert choose_app(top) == top
    assert read_folder(top).root == top


def test_a_top_without_apps_is_taken_as_it_is(tmp_path: Path) -> None:
    root = write(tmp_path / "top", workspaces=["packages/*"], scripts={"dev": "node server.js"})
    assert choose_app(root) == root


def test_pnpm_names_its_packages_in_its_own_file(tmp_path: Path) -> None:
    root = write(tmp_path / "top", name="top")
    (root / "pnpm-workspace.yaml").write_text("packages:\n  - sites/*\n")
    app = write(root / "sites" / "web", **NEXT_APP)
    found = workspace_of(app)
    assert found is not None and (found[0].root, found[1]) == (root, "sites/web")
    assert choose_app(root) == app


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["package.json", "pnpm-workspace.yaml"])
def test_a_pipe_or_a_device_at_the_top_is_no_manifest_and_is_not_waited_for(tmp_path: Path, name: str) -> None:
    app = tmp_path / "app"
    app.mkdir()
    os.mkfifo(tmp_path / name)
    assert workspace_of(app) is None
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    assert workspace_of(app) is None


def test_a_folder_that_the_top_does_not_name_is_by_itself(top: Path) -> None:
    assert read_folder(write(top / "examples" / "web", **NEXT_APP)).root == top / "examples" / "web"


@pytest.mark.parametrize("mark", ["repository", "home"])
def test_the_look_upward_ends_at_a_repository_and_at_home(
    top: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = top / "apps"
    if mark == "repository":
        (inner / "web" / ".git").mkdir()
    else:
        monkeypatch.setenv("HOME", str(inner))
    assert workspace_of(inner / "web") is None


def test_the_top_may_be_the_repository_and_lie_in_the_home(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / ".git").mkdir()
    monkeypatch.setenv("HOME", str(top.parent))
    assert workspace_of(top / "apps" / "web") is not None


class TestDependencyKey:
    def test_every_package_counts(self, top: Path) -> None:
        web = top / "apps" / "web"
        before = key(web)
        write(top / "packages" / "words", name="words", version="1.0.0", dependencies={"react": "19"})
        after = key(web)
        assert after != before
        write(top / "packages" / "more", name="more")
        assert key(web) != after

    def test_so_do_the_top_and_its_lock_file(self, top: Path) -> None:
        web = top / "apps" / "web"
        before = key(web)
        (top / "pnpm-lock.yaml").write_text("lockfileVersion: '9.0'\n# more\n")
        after = key(web)
        assert after != before
        write(top, name="top", workspaces=["apps/*", "packages/*"], packageManager="pnpm@10.34.9")
        assert key(web) != after

    def test_scripts_do_not(self, top: Path) -> None:
        web = top / "apps" / "web"
        before = read_folder(web)
        write(top / "apps" / "docs", name="docs", scripts={"dev": "astro dev --x"}, dependencies={"astro": "5"})
        write(web, **{**NEXT_APP, "scripts": {"dev": "next dev --turbo"}})
        after = read_folder(web)
        assert isinstance(after, Folder)
        assert after.dependency_key == before.dependency_key

    def test_a_manifest_that_is_broken_changes_the_key_and_ends_nothing(self, top: Path) -> None:
        web = top / "apps" / "web"
        before = key(web)
        (top / "packages" / "words" / "package.json").write_text("{")
        assert key(web) != before

    @pytest.mark.parametrize("text", [b'{"name": "caf\xe9"}', b"{}" + b" " * MANIFEST_LIMIT_BYTES])
    def test_so_does_one_that_is_no_text_or_too_large(self, top: Path, text: bytes) -> None:
        web = top / "apps" / "web"
        before = key(web)
        (top / "packages" / "words" / "package.json").write_bytes(text)
        assert key(web) not in (before, "")

    def test_one_that_goes_while_it_is_looked_for_ends_nothing(
        self, top: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        web = top / "apps" / "web"
        members = Workspace.members

        def switched(workspace: Workspace) -> Iterator[str]:
            for relpath in members(workspace):
                (workspace.root / relpath / "package.json").unlink()  # another branch has no such package
                yield relpath

        folder = read_folder(web)
        monkeypatch.setattr(Workspace, "members", switched)
        read_folder(web)
        assert not (web / "package.json").exists() and folder.recipe.app_dir == "apps/web"


def test_a_package_that_may_not_be_looked_into_ends_nothing(humble: Path) -> None:
    top = write(humble / "top", name="top", workspaces=["apps/*"])
    web = write(top / "apps" / "web", **NEXT_APP)
    closed = write(top / "apps" / "closed", **NEXT_APP)
    closed.chmod(0)
    try:
        assert choose_app(top) == web
        assert read_folder(web).root == top
    finally:
        closed.chmod(0o700)
