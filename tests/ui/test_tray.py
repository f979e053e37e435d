from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.session import Session
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.tray import MOST_STOPPED, Tray, TrayRow
from tests.ui.stand_in import failed, live, make_project, run_to

ROWS = [
    TrayRow(make_project(1, "shop & front"), live("p1")),
    TrayRow(make_project(2, "blog"), run_to("p2", 3)),
    TrayRow(make_project(3, "docs"), failed("p3")),
    *(TrayRow(make_project(number, f"old-{number}"), Session(f"p{number}")) for number in range(4, 14)),
]


@pytest.fixture
def tray(qtbot: QtBot, icons: Icons) -> Iterator[Tray]:
    parent = QWidget()
    qtbot.addWidget(parent)
    made = Tray(icons.application(), lambda: ROWS, parent)
    yield made
    made.close_tray()


def words(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def action_of(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == text)


def test_what_runs_comes_first_and_what_was_used_last_can_be_started(tray: Tray) -> None:
    tray.menu.aboutToShow.emit()
    told = words(tray.menu)
    assert told[:3] == ["shop && front: Live", "blog: Installing dependencies", "Start docs"]
    assert sum(word.startswith("Start ") for word in told) == MOST_STOPPED
    assert told[-2:] == ["Show Craft Desktop", "Quit"]


def test_what_a_person_wants_is_told(tray: Tray) -> None:
    heard: list[object] = []
    for signal in (tray.commanded, tray.show_requested, tray.quit_requested):
        signal.connect(lambda *what: heard.append(what))
    tray.menu.aboutToShow.emit()
    running = next(menu for menu in tray.menu.findChildren(QMenu) if menu.title() == "shop && front: Live")
    for text in ("Show", "Open in browser", "Stop"):
        action_of(running, text).trigger()
    for text in ("Start docs", "Show Craft Desktop", "Quit"):
        action_of(tray.menu, text).trigger()
    assert heard == [("p1",), ("browser", "p1"), ("stop", "p1"), ("start", "p3"), ("",), ()]


def test_the_menu_keeps_nothing_of_the_one_before(qtbot: QtBot, tray: Tray) -> None:
    for _ in range(5):
        tray.menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: len(tray.menu.findChildren(QMenu)) == 2)


def test_a_click_on_the_icon_shows_the_window(tray: Tray) -> None:
    heard: list[str] = []
    tray.show_requested.connect(heard.append)
    icon = tray.findChild(QSystemTrayIcon)
    assert isinstance(icon, QSystemTrayIcon)
    icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    icon.activated.emit(QSystemTrayIcon.ActivationReason.Context)
    assert heard == [""]


def test_the_tip_counts_what_runs(tray: Tray) -> None:
    icon = tray.findChild(QSystemTrayIcon)
    assert isinstance(icon, QSystemTrayIcon)
    tray.heed()
    assert icon.toolTip() == "Craft Desktop: 2 previews are running"


def test_without_a_tray_no_window_is_lost(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: False))
    tray.show_icon(True)
    assert not tray.is_shown
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    tray.show_icon(True)
    assert tray.is_shown
    tray.show_icon(False)
    assert not tray.is_shown
