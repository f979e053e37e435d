import json
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action
from craft_desktop.model.places import Place
from craft_desktop.ui.editor import EditorOpener, start

PLACE = Place("app/page.tsx", 4, 5)
FILE = Path("/p/app/page.tsx")


class Machine:
    """Stands for the programs of a computer."""

    def __init__(self, *programs: str, starts: bool = True, opens: bool = True) -> None:
        self.programs, self.starts, self.opens = programs, starts, opens
        self.started: list[list[str]] = []
        self.opened: list[str] = []

    def which(self, name: str) -> str | None:
        found = next((each for each in self.programs if Path(each).stem == name), None)
        return f"/usr/bin/{found}" if found else None

    def start(self, command: list[str]) -> bool:
        self.started.append(command)
        return self.starts

    def open(self, url: QUrl) -> bool:
        self.opened.append(url.toLocalFile())
        return self.opens

    @property
    def opener(self) -> EditorOpener:
        return EditorOpener(self.which, self.start, self.open)


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        (["zed", "code"], ["/usr/bin/code", "-g", "/p/app/page.tsx:4:5"]),
        (["cursor"], ["/usr/bin/cursor", "-g", "/p/app/page.tsx:4:5"]),
        (["zeditor"], ["/usr/bin/zeditor", "/p/app/page.tsx:4:5"]),
        (["subl"], ["/usr/bin/subl", "/p/app/page.tsx:4:5"]),
        (["webstorm"], ["/usr/bin/webstorm", "--line", "4", "--column", "5", "/p/app/page.tsx"]),
        (["vim", "xterm"], ["/usr/bin/xterm", "-e", "/usr/bin/vim", "+4", "/p/app/page.tsx"]),
    ],
)
def test_an_editor_that_is_installed(programs: list[str], command: list[str]) -> None:
    machine = Machine(*programs)
    assert machine.opener.open(FILE, PLACE, "") is None
    assert machine.started == [command] and machine.opened == []


def test_the_persons_own_comes_first() -> None:
    machine = Machine("code", "kate")
    assert machine.opener.open(FILE, Place("a.ts"), "kate -l {line} {file}") is None
    assert machine.started == [["/usr/bin/kate", "-l", "1", "/p/app/page.tsx"]]


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("page.tsx", "/p/page.tsx"),
        ("page.js", "/p"),
        ("run.sh", "/p"),
        ("evil.desktop", "/p"),
        ("PAGE.JSON", "/p/PAGE.JSON"),
    ],
)
def test_else_the_systems_opener_gets_what_it_never_runs(name: str, opened: str) -> None:
    machine = Machine("vim")  # and no terminal for it
    assert machine.opener.open(Path("/p") / name, PLACE, "") is None
    assert machine.opened == [opened] and machine.started == []


@pytest.mark.parametrize(
    ("machine", "template", "words"),
    [
        (Machine(), "kate {file}", "There is no program “kate”."),
        (Machine("kate", starts=False), "kate {file}", "“/usr/bin/kate” could not be started."),
        (Machine("kate"), "'kate {file}", "do not match"),
        (Machine(opens=False), "", "No editor was found for page.tsx."),
        (Machine("code.cmd", opens=False), "", "No editor was found"),
    ],
    ids=["missing", "fails", "quotes", "none", "batch file"],
)
def test_a_failure_has_a_remedy(machine: Machine, template: str, words: str) -> None:
    problem = machine.opener.open(FILE, PLACE, template)
    assert problem is not None and words in problem.detail
    assert problem.action is Action.OPEN_SETTINGS and "Settings" in problem.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="scripts start by their first line")
def test_a_real_program_gets_the_name_as_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    script = tmp_path / "my editor"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\njson.dump(sys.argv[1:], open({str(told)!r} + '.part', 'w'))\n"
        f"os.rename({str(told)!r} + '.part', {str(told)!r})\n"
    )
    script.chmod(0o755)
    file = tmp_path / "$(touch owned) ; `id` & 'x'.ts"
    assert EditorOpener().open(file, PLACE, f"'{script}' -g {{file}}:{{line}}") is None
    qtbot.waitUntil(told.exists, timeout=10_000)
    assert json.loads(told.read_text()) == ["-g", f"{file}:4"]
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("programs", "template", "command"),
    [
        (["code"], "", ["/usr/bin/code", "/my shop"]),
        (["webstorm"], "", ["/usr/bin/webstorm", "/my shop"]),
        (["vim", "xterm"], "", ["/usr/bin/xterm", "-e", "/usr/bin/vim", "/my shop"]),
        (["kate"], "kate -b -l {line} -c {column} {file}", ["/usr/bin/kate", "-b", "/my shop"]),
    ],
)
def test_a_folder(programs: list[str], template: str, command: list[str]) -> None:
    machine = Machine(*programs)
    assert machine.opener.open_folder(Path("/my shop"), template) is None
    assert machine.started == [command] and machine.opened == []


def test_a_folder_that_no_editor_takes_is_told(tmp_path: Path) -> None:
    problem = Machine().opener.open_folder(tmp_path, "")
    assert problem is not None and problem.action is Action.OPEN_SETTINGS and tmp_path.name in problem.detail
    problem = Machine().opener.open_folder(tmp_path, "'kate {file}")
    assert problem is not None and "do not match" in problem.detail


def test_what_is_no_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    assert start([str(tmp_path / "text")]) is False
