from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.project import Project
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Session
from craft_desktop.ui import row_words
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.present import Tr
from craft_desktop.ui.project_list import ProjectList
from craft_desktop.ui.row_words import Row
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press
from tests.ui.stand_in import NOW, failed, live, make_project

PROJECTS = tuple(make_project(number, name) for number, name in enumerate(("shop-front", "blog", "docs"), 1))


@pytest.fixture
def side(qtbot: QtBot, theme: Theme, icons: Icons) -> ProjectList:
    made = ProjectList(theme, icons, lambda: NOW + 79.1)
    qtbot.addWidget(made)
    made.resize(240, 500)
    made.show()
    made.show_projects(PROJECTS)
    return made


def names(side: ProjectList) -> list[object]:
    return [side.model.index(row).data() for row in range(side.model.rowCount())]


def test_the_model_keeps_qts_rules(side: ProjectList) -> None:
    tester = QAbstractItemModelTester(side.model, QAbstractItemModelTester.FailureReportingMode.Warning)
    side.show_session(live("p1"))
    side.filter.setText("o")
    side.show_projects(PROJECTS[:1])
    side.tick()
    assert tester is not None


def test_rows_are_spoken(side: ProjectList) -> None:
    side.show_session(live("p1"))
    side.show_session(failed("p2"))
    spoken = [side.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert spoken == [
        "shop-front, Live, 1 min",
        "blog, Failed, 1 min, The dependencies could not be installed",
        "docs, Stopped",
    ]
    assert not side.grab().isNull()


def test_what_a_project_is_and_which_of_two_can_be_told(side: ProjectList) -> None:
    astro = make_project(1, "site", framework=Framework.ASTRO)
    side.show_projects((astro, replace(make_project(2, "site"), path=Path("/home/ada/old/site"))))
    spoken = [side.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert spoken == ["site, projects, Astro, Stopped", "site, old, Stopped"]
    assert side.model.index(0).data(Qt.ItemDataRole.ToolTipRole) == "/home/ada/projects/site\nAstro"
    assert side.model.index(1).data(Qt.ItemDataRole.ToolTipRole) == "/home/ada/old/site"


def test_the_filter(side: ProjectList) -> None:
    side.choose("p3")
    side.filter.setText("BLO")
    assert names(side) == ["blog"]
    side.filter.setText("/home/ada")
    assert names(side) == ["shop-front", "blog", "docs"]
    side.filter.setText("nothing like it")
    assert names(side) == [] and side.none_found.isVisible()
    side.filter.clear()
    assert side.view.currentIndex().row() == 2 and not side.none_found.isVisible()


def test_a_choice_is_told_once_and_survives_a_new_order(qtbot: QtBot, side: ProjectList) -> None:
    told: list[str] = []
    side.chosen.connect(told.append)
    side.choose("p2")
    side.show_projects((PROJECTS[1], PROJECTS[0], PROJECTS[2]))
    assert told == ["p2"] and side.view.currentIndex().data() == "blog"
    press(side.view, Qt.Key.Key_Down)
    assert told == ["p2", "p1"]


def test_choosing_a_hidden_project_clears_the_filter(side: ProjectList) -> None:
    side.filter.setText("blog")
    side.choose("p3")
    assert side.filter.text() == "" and side.view.currentIndex().data() == "docs"


def test_keys_and_numbers(qtbot: QtBot, side: ProjectList) -> None:
    side.choose_row(1)
    assert side.view.currentIndex().data() == "blog"
    side.choose_row(8)
    assert side.view.currentIndex().data() == "blog"
    with qtbot.waitSignal(side.opened) as opened:
        press(side.view, Qt.Key.Key_Return)
    assert opened.args == ["p2"]


def test_the_menu_is_asked_for_where_the_pointer_is(qtbot: QtBot, side: ProjectList) -> None:
    box = side.view.visualRect(side.model.index(2))
    with qtbot.waitSignal(side.menu_requested) as asked:
        side.view.customContextMenuRequested.emit(box.center())
    assert asked.args is not None and asked.args[0] == "p3"


def test_add(qtbot: QtBot, side: ProjectList) -> None:
    with qtbot.waitSignal(side.add_requested):
        click(side.add_button)


def test_without_projects_there_is_nothing_to_filter(side: ProjectList) -> None:
    side.show_projects(())
    assert not side.filter.isVisible() and not side.hint.isVisible()


def test_of_500_projects_those_in_sight_are_work(
    qtbot: QtBot, side: ProjectList, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    row = row_words.row

    def counted(project: Project, session: Session, now: float, tr: Tr, where: str) -> Row:
        made.append(project.id)
        return row(project, session, now, tr, where)

    def work(act: Callable[[], None]) -> int:
        painted = Painted(side.view.viewport())
        made.clear()
        act()
        qtbot.waitUntil(lambda: painted.is_done)
        return len(made)

    projects = tuple(make_project(number, f"project-{number}") for number in range(1, 501))
    monkeypatch.setattr(row_words, "row", counted)
    in_sight = side.view.height() // 30  # a row is higher than that
    for act in (
        lambda: side.show_projects(projects, [failed("p2"), live("p3")]),
        side.tick,
        lambda: side.show_session(live("p1")),
        lambda: side.show_session(failed("p1")),
        lambda: side.filter.setText("project"),
        lambda: side.show_projects(projects[1:], [live("p5")]),
    ):
        assert 0 < work(act) <= 2 * in_sight
    assert side.model.index(3).data(Qt.ItemDataRole.AccessibleTextRole) == "project-5, Live, 1 min"


def test_a_row_grows_with_its_problem(qtbot: QtBot, side: ProjectList) -> None:
    before = side.view.visualRect(side.model.index(1)).top()
    side.show_session(failed("p1"))
    qtbot.waitUntil(lambda: side.view.visualRect(side.model.index(1)).top() > before)


class Painted(QObject):
    """Sees a widget painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.is_done = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.is_done = self.is_done or event.type() is QEvent.Type.Paint
        return False
