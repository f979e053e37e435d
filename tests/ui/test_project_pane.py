from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action
from craft_desktop.model.events import CompileChanged, LogLine, Measured, Pushed, Stream, SyncChanged
from craft_desktop.model.levels import Level
from craft_desktop.model.operations import Idleness
from craft_desktop.model.places import Place
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Session, StartAsked, advance
from craft_desktop.model.settings import WhenIdle
from craft_desktop.ui.doctor_panel import WIDTH
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.placement import Look
from craft_desktop.ui.project_pane import PANE_COMMANDS, ProjectPane
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click
from tests.ui.stand_in import DIAGNOSIS, INSTALL_FAILED, NOW, failed, make_project, run_to

ADDRESS = "http://shop-front.localhost:4100/"


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path) -> ProjectPane:
    made = ProjectPane(
        theme,
        icons,
        lambda: NOW + 60,
        make_project(1, "shop-front"),
        "http://shop-front.localhost:4100/",
        tmp_path,
        Look(),
    )
    qtbot.addWidget(made)
    made.resize(700, 560)
    made.show()
    return made


def test_intentions_carry_the_project(qtbot: QtBot, pane: ProjectPane, tmp_path: Path) -> None:
    told: list[object] = []
    for signal in (pane.commanded, pane.remedy_requested, pane.save_log_requested, pane.look_changed):
        signal.connect(lambda *what: told.append(what))
    click(pane.preview.panel.start)
    pane.message_bar.show_problem(INSTALL_FAILED)
    click(pane.message_bar.remedy_button)
    pane.log_pane.save_requested.emit(Stream.SERVER, tmp_path)
    pane.preview.zoom(1)
    assert told == [("start", "p1"), ("p1", Action.START), ("p1", Stream.SERVER, tmp_path), ("p1", Look(1.1))]


def test_the_log_that_matters_comes_forward(pane: ProjectPane) -> None:
    seen: list[Stream] = []
    for facts in (4, 3):
        pane.show_session(run_to("p1", facts), Provider.LOCAL)
        seen.append(pane.log_pane.stream)
    pane.log_pane.show_stream(Stream.ACTIVITY)
    pane.show_session(run_to("p1", 3), Provider.LOCAL)  # a person's choice stands while nothing moves
    assert [*seen, pane.log_pane.stream] == [Stream.SERVER, Stream.INSTALL, Stream.ACTIVITY]


def test_steps_are_shown_once(pane: ProjectPane) -> None:
    pane.show_session(Session("p1"), Provider.LOCAL)
    assert not pane.strip.isVisible() and not pane.preview.panel.steps.isVisible()
    pane.show_session(run_to("p1", 2), Provider.LOCAL)
    assert not pane.strip.isVisible() and pane.preview.panel.steps.isVisible()
    pane.show_session(failed(), Provider.LOCAL)
    assert pane.strip.isVisible() and not pane.preview.panel.steps.isVisible()


def test_a_new_run_begins_without_old_words(pane: ProjectPane) -> None:
    pane.show_session(failed(), Provider.LOCAL)
    pane.message_bar.show_problem(INSTALL_FAILED)
    for event in (Pushed("p1", 1, 0, 1, 1.0, 1), SyncChanged("p1", 1)):
        pane.show_sync(event)
    pane.show_session(advance(failed(), StartAsked(Provider.LOCAL), NOW + 50), Provider.LOCAL)
    assert not pane.message_bar.isVisible() and pane.last_push is None and pane.sync is None


def test_each_push_is_a_revision_although_nothing_else_is_told(pane: ProjectPane) -> None:
    pane.show_session(run_to("p1", 5), Provider.LOCAL)
    pane.show_sync(SyncChanged("p1", 1, verified_at=NOW))
    pane.show_sync(Pushed("p1", 1, 0, 12, 9.0, 2))
    assert pane.sync == SyncChanged("p1", 2, verified_at=NOW)


def test_logs_and_ticks(qtbot: QtBot, pane: ProjectPane) -> None:
    pane.add_log([LogLine("p1", Stream.INSTALL, "one", NOW)])
    pane.add_line(LogLine("p1", Stream.INSTALL, "two", NOW))
    qtbot.waitUntil(lambda: pane.log_pane.views[Stream.INSTALL].toPlainText() == "one\ntwo", timeout=2000)
    pane.show_session(run_to("p1", 3), Provider.LOCAL)
    pane.tick()
    pane.close_page()


def test_nothing_is_lost_in_a_small_window(pane: ProjectPane) -> None:
    pane.show_session(failed(), Provider.LOCAL)
    pane.log_pane.open_search()
    assert pane.minimumSizeHint().height() <= 440 - 28 - 24  # the least window, without its menu and status bar
    assert pane.minimumSizeHint().width() <= 720 - 176


BROKEN = CompileChanged("p1", "Unexpected token", Place("app/page.tsx", 4, 5))


def test_a_compile_error_leads_to_its_place_and_goes_when_it_compiles(qtbot: QtBot, pane: ProjectPane) -> None:
    pane.show_compiling(BROKEN)
    assert pane.message_bar.headline.text() == "Unexpected token"
    assert pane.message_bar.remedy_button.text() == "page.tsx:4:5"
    assert "app/page.tsx" in pane.message_bar.detail.text()
    with qtbot.waitSignal(pane.place_requested) as asked:
        click(pane.message_bar.remedy_button)
    assert asked.args == ["p1", Place("app/page.tsx", 4, 5)]
    assert pane.message_bar.isVisible()
    pane.show_compiling(CompileChanged("p1", "Other"))
    assert pane.message_bar.headline.text() == "Other" and not pane.message_bar.remedy_button.isVisible()
    pane.show_compiling(CompileChanged("p1"))
    assert not pane.message_bar.isVisible()


def test_another_problem_stays_when_it_compiles(pane: ProjectPane) -> None:
    pane.show_compiling(BROKEN)
    pane.message_bar.show_problem(INSTALL_FAILED)
    pane.show_compiling(CompileChanged("p1"))
    assert pane.message_bar.headline.text() == INSTALL_FAILED.title


def test_what_the_page_says_carries_the_project(pane: ProjectPane) -> None:
    told: list[object] = []
    pane.console_said.connect(lambda *what: told.append(what))
    pane.preview.console.emit(2, "boom", "http://shop/a.js:3")
    assert told == [("p1", Level.ERROR, "boom", "http://shop/a.js:3")]
    pane.add_line(LogLine("p1", Stream.BROWSER, "boom", NOW, Level.ERROR))
    assert pane.log_pane.tabs.tabText(2) == "Browser 1"
    pane.preview.loading.emit()
    assert pane.log_pane.tabs.tabText(2) == "Browser"


def test_figures(pane: ProjectPane) -> None:
    pane.show_session(run_to("p1", 6), Provider.LOCAL)
    pane.show_idleness(Idleness(125.0, 775.0, WhenIdle.STOP))
    pane.show_measured(Measured("p1", NOW, 4.0, 312_000_000, 8_200_000_000))
    pane.log_pane.show_health()
    pane.tick()
    assert pane.measured is not None and pane.idleness is not None
    values = [value.text() for _, value in pane.log_pane.health._facts]
    assert "12:55" in values and "3000" in values
    pane.close_page()


def test_the_doctor_stands_beside_the_page_or_has_the_room_alone(qtbot: QtBot, pane: ProjectPane) -> None:
    asked: list[object] = []
    pane.examine_requested.connect(lambda key, seen: asked.append((key, seen)))
    pane.resize(1100, 700)
    PANE_COMMANDS["doctor"](pane)
    assert pane.doctor is not None and pane.doctor.isVisible() and pane.splitter.isVisible()
    assert asked == [("p1", None)]  # no page is there to be looked at
    pane.show_check(DIAGNOSIS.checks[0])
    assert "1 of" in pane.doctor.summary.text()
    pane.show_diagnosis(DIAGNOSIS)
    assert pane.doctor.diagnosis == DIAGNOSIS
    pane.resize(700, 560)
    qtbot.waitUntil(lambda: not pane.splitter.isVisible() and pane.width() == 700)
    qtbot.waitUntil(lambda: pane.doctor is not None and pane.doctor.width() == 700)
    pane.resize(1100, 700)
    assert pane.splitter.isVisible()
    qtbot.waitUntil(lambda: pane.doctor is not None and pane.doctor.width() == WIDTH)
    QTest.keyClick(pane.doctor, Qt.Key.Key_Escape)
    assert not pane.doctor.isVisible() and pane.splitter.isVisible()
    PANE_COMMANDS["doctor"](pane)
    assert pane.doctor.isVisible() and pane.doctor.diagnosis is None and len(asked) == 2


def test_the_doctors_buttons_carry_the_project(pane: ProjectPane) -> None:
    told: list[object] = []
    pane.remedy_requested.connect(lambda *what: told.append(what))
    pane.place_requested.connect(lambda *what: told.append(what))
    pane.show_diagnosis(DIAGNOSIS)  # before anybody opened it: nothing happens
    pane.toggle_doctor()
    pane.show_diagnosis(DIAGNOSIS)
    assert pane.doctor is not None
    row = pane.doctor.rows["modules"]
    row.act.click()
    row.open.click()
    assert told == [("p1", Action.REINSTALL), ("p1", Place("app/page.tsx", 3, 1))]
