import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.session import Ended, Session, StopAsked, advance
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.status_panel import StatusPanel
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click
from tests.ui.stand_in import INSTALL_FAILED, NOW, failed, live, run_to


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, icons: Icons) -> StatusPanel:
    made = StatusPanel(theme, icons, lambda: NOW + 20)
    qtbot.addWidget(made)
    made.resize(700, 420)
    made.show()
    return made


def visible_buttons(panel: StatusPanel) -> list[str]:
    return [button.text() for button in panel.findChildren(QPushButton) if button.isVisible()]


def test_stopped(qtbot: QtBot, panel: StatusPanel) -> None:
    panel.show_session(Session("p1"))
    assert panel.title.text() == "Not running"
    assert visible_buttons(panel) == ["Start"]
    with qtbot.waitSignal(panel.start_requested):
        click(panel.start)


@pytest.mark.parametrize("facts", [1, 2, 3, 4, 5])
def test_starting(panel: StatusPanel, facts: int) -> None:
    panel.show_session(run_to("p1", facts))
    assert panel.steps.isVisible() and panel.title.text().endswith("…")
    # while the first page is awaited, what keeps it from coming can be looked for
    assert visible_buttons(panel) == (["Find out why"] if facts == 5 else []) and not panel.detail.isVisible()


def test_the_doctor_is_asked(qtbot: QtBot, panel: StatusPanel) -> None:
    panel.show_session(failed())
    with qtbot.waitSignal(panel.doctor_requested):
        click(panel.doctor)


def test_failed(qtbot: QtBot, panel: StatusPanel) -> None:
    panel.show_session(failed())
    assert panel.title.text() == INSTALL_FAILED.title
    assert panel.detail.toPlainText() == INSTALL_FAILED.detail
    assert panel.remedy.text() == INSTALL_FAILED.remedy
    assert visible_buttons(panel) == ["Start again", "Find out why"] and panel.start.property("role") == "primary"


def test_a_failure_with_a_remedy_of_its_own(qtbot: QtBot, panel: StatusPanel) -> None:
    consent = Problem("It would run unisolated", "bubblewrap: no permission", "Allow it.", Action.ALLOW_UNISOLATED)
    panel.show_session(failed(problem=consent))
    assert visible_buttons(panel) == ["Run it unisolated", "Start again", "Find out why"]
    assert [panel.act.property("role"), panel.start.property("role")] == ["primary", ""]
    with qtbot.waitSignal(panel.remedy_requested) as asked:
        click(panel.act)
    assert asked.args == [Action.ALLOW_UNISOLATED]
    panel.show_session(Session("p1"))
    assert visible_buttons(panel) == ["Start"] and panel.start.property("role") == "primary"


def test_stopping_and_live(panel: StatusPanel) -> None:
    panel.show_session(advance(live(), StopAsked(), NOW))
    assert panel.title.text() == "Stopping…" and visible_buttons(panel) == []
    panel.show_session(live())
    assert panel.title.text() == "Live"


def test_stopped_for_want_of_use(panel: StatusPanel) -> None:
    panel.show_session(advance(advance(live(), StopAsked(900.0), NOW), Ended(), NOW + 1))
    assert panel.title.text() == "The sandbox stopped (idle 15 min)" and "15 min" in panel.text.text()
    assert visible_buttons(panel) == ["Start again"]


def test_it_fits_a_small_window(qtbot: QtBot, panel: StatusPanel) -> None:
    panel.show_session(failed(problem=Problem("t", "line\n" * 200, "r", Action.START)))
    panel.resize(300, 140)
    content = panel.widget()
    assert content is not None
    qtbot.waitUntil(lambda: content.width() == panel.viewport().width(), timeout=2000)
    assert panel.verticalScrollBar().maximum() > 0  # the height scrolls, the width never does


def test_the_buttons_of_a_failure_stand_in_one_row(qtbot: QtBot, panel: StatusPanel) -> None:
    panel.show_session(failed())
    qtbot.waitUntil(lambda: panel.doctor.x() > panel.start.x())
    assert panel.doctor.geometry().center().y() == panel.start.geometry().center().y()


def test_all_facts_of_a_short_failure_are_seen(qtbot: QtBot, panel: StatusPanel) -> None:
    panel.show_session(failed())
    qtbot.waitUntil(lambda: panel.detail.height() > 0)
    assert panel.detail.verticalScrollBar().maximum() == 0
