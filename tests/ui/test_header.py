import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from craft_desktop.model.project import Provider
from craft_desktop.model.session import Session, StopAsked, advance
from craft_desktop.ui.header import Header
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click
from tests.ui.stand_in import NOW, failed, live, make_project, run_to


@pytest.fixture
def header(qtbot: QtBot, theme: Theme, icons: Icons) -> Header:
    made = Header(theme, icons, lambda: NOW + 60, make_project(1, "shop-front"))
    qtbot.addWidget(made)
    made.resize(700, 64)
    made.show()
    return made


def shown(header: Header) -> dict[str, tuple[str, bool]]:
    buttons = header.findChildren(QPushButton)
    return {button.objectName(): (button.text(), button.isEnabled()) for button in buttons if button.isVisible()}


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (Session("p1"), {"startButton": ("Start", True)}),
        (failed(), {"startButton": ("Start", True)}),
        (run_to("p1", 3), {"startButton": ("Starting…", False), "stopButton": ("Stop", True)}),
        (live(), {"restartButton": ("Restart", True), "stopButton": ("Stop", True)}),
        (advance(live(), StopAsked(), NOW + 30), {"stopButton": ("Stopping…", False)}),
    ],
)
def test_buttons(header: Header, session: Session, expected: dict[str, tuple[str, bool]]) -> None:
    header.show_session(session, Provider.LOCAL)
    assert shown(header) == expected


def test_a_click_is_an_intention(qtbot: QtBot, header: Header) -> None:
    header.show_session(Session("p1"), Provider.LOCAL)
    with qtbot.waitSignal(header.start_requested) as start:
        click(header.start)
    header.show_session(live(), Provider.LOCAL)
    with qtbot.waitSignal(header.stop_requested) as stop:
        click(header.stop)
    with qtbot.waitSignal(header.restart_requested) as restart:
        click(header.restart)
    with qtbot.waitSignal(header.menu_requested) as menu:
        click(header.more)
    assert [signal.args[0] for signal in (start, stop, restart, menu) if signal.args] == ["p1"] * 4


def test_name_and_state(header: Header) -> None:
    header.show_session(live(), Provider.E2B)
    assert header.name.text() == "shop-front"
    assert header.state.text() == "Live · E2B cloud · 40 s"
    assert header.state.property("tone") == "good"
    assert "Ctrl+Return" in header.start.toolTip()


def test_focus_stays_in_the_header(header: Header) -> None:
    header.show_session(Session("p1"), Provider.LOCAL)
    header.activateWindow()
    header.start.setFocus()
    header.show_session(run_to("p1", 1), Provider.LOCAL)
    assert header.focusWidget() is header.stop
