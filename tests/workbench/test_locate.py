import json
import os
from pathlib import Path

import pytest

from craft_desktop.model.places import Place
from craft_desktop.workbench.locate import Locator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    (made / "app").mkdir(parents=True)
    (made / "app" / "page.tsx").write_text("")
    (tmp_path / "secret.ts").write_text("")
    return made


def test_a_file_of_the_project(folder: Path) -> None:
    locator = Locator(folder)
    assert locator.locate(Place("app/page.tsx", 4, 5)) == (folder / "app" / "page.tsx").resolve()
    assert locator.locate(Place("app/page.tsx", is_from_top=True)) == (folder / "app" / "page.tsx").resolve()


@pytest.mark.parametrize("path", ["gone.ts", "app", "../secret.ts", "app/../../secret.ts", "a\0b", "x" * 5000, ""])
def test_what_is_not_there_or_not_within(folder: Path, path: str) -> None:
    assert Locator(folder).locate(Place(path, 1)) is None


def test_absolute_names_stay_within(folder: Path) -> None:
    assert Locator(folder).locate(Place(str(folder.parent / "secret.ts"))) is None
    assert Locator(folder).locate(Place("/etc/passwd")) is None


def test_links_lead_nowhere_else(folder: Path) -> None:
    (folder / "out.ts").symlink_to(folder.parent / "secret.ts")
    (folder / "up").symlink_to(folder.parent)
    (folder / "round.ts").symlink_to("round.ts")
    (folder / "in.ts").symlink_to("app/page.tsx")
    locator = Locator(folder)
    for path in ("out.ts", "up/secret.ts", "round.ts"):
        assert locator.locate(Place(path)) is None, path
    assert locator.locate(Place("in.ts")) == (folder / "app" / "page.tsx").resolve()


def test_a_pipe_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe.ts")
    assert Locator(folder).locate(Place("pipe.ts")) is None


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    assert Locator(tmp_path / "gone").locate(Place("a.ts")) is None


def test_a_monorepo_is_looked_through_from_its_top(tmp_path: Path) -> None:
    top = tmp_path / "mono"
    app = top / "apps" / "web"
    (app / "src").mkdir(parents=True)
    (top / "packages" / "ui").mkdir(parents=True)
    (top / "package.json").write_text(json.dumps({"workspaces": ["apps/*", "packages/*"]}))
    (app / "package.json").write_text(json.dumps({"name": "web", "scripts": {"dev": "vite"}}))
    for file in (app / "src" / "a.ts", top / "packages" / "ui" / "b.ts", app / "both.ts", top / "both.ts"):
        file.write_text("")
    locator = Locator(app)
    assert locator.locate(Place("apps/web/src/a.ts", is_from_top=True)) == (app / "src" / "a.ts").resolve()
    assert locator.locate(Place("src/a.ts")) == (app / "src" / "a.ts").resolve()
    assert locator.locate(Place("packages/ui/b.ts")) == (top / "packages" / "ui" / "b.ts").resolve()
    assert locator.locate(Place("both.ts")) == (app / "both.ts").resolve()
    assert locator.locate(Place("both.ts", is_from_top=True)) == (top / "both.ts").resolve()
