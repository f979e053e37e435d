"""The window in each of its states, and each dialog: for tests that hold of all of them."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import LogLine, Notice, SessionChanged, Stream
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.project_pane import ProjectPane
from tests.ui.stand_in import NOW, StandIn, failed, idled, run_to

Scene = Callable[[MainWindow, StandIn], QWidget]
"""Brings the window into a state; gives what is to be looked at."""


def pane(window: MainWindow) -> ProjectPane:
    assert window.pane is not None
    return window.pane


def _stopped(window: MainWindow, bench: StandIn) -> QWidget:
    return window


def _empty(window: MainWindow, bench: StandIn) -> QWidget:
    bench.list_changed(())
    return window


def _starting(facts: int) -> Scene:
    def scene(window: MainWindow, bench: StandIn) -> QWidget:
        bench.tell(SessionChanged(run_to("p1", facts, NOW)))
        return window

    return scene


def _failed(window: MainWindow, bench: StandIn) -> QWidget:
    bench.tell(SessionChanged(failed("p1", NOW)))
    bench.tell(LogLine("p1", Stream.INSTALL, "npm error code E404", NOW))
    return window


def _idle(window: MainWindow, bench: StandIn) -> QWidget:
    bench.tell(SessionChanged(idled("p1", NOW)))
    return window


def _message(window: MainWindow, bench: StandIn) -> QWidget:
    told = Problem("A file could not be copied", "hero.mov: permission denied", "Make it readable.", Action.OPEN_FOLDER)
    bench.tell(Notice("p1", told))
    bench.tell(Notice(None, told))
    pane(window).message_bar.details_button.click()
    return window


def _find(window: MainWindow, bench: StandIn) -> QWidget:
    for number in range(40):
        bench.tell(LogLine("p1", Stream.INSTALL, f"added package {number}", NOW))
    pane(window).log_pane.open_search()
    pane(window).log_pane.find_bar.field.setText("package")
    return window


def _health(window: MainWindow, bench: StandIn) -> QWidget:
    pane(window).log_pane.show_health()
    return window


def _filtered(window: MainWindow, bench: StandIn) -> QWidget:
    window.project_list.filter.setText("nothing has this name")
    return window


def _palette(window: MainWindow, bench: StandIn) -> QWidget:
    window.actions_by_name["palette"].trigger()
    return window.palette_box


def _dialog(command: str, name: str) -> Scene:
    def scene(window: MainWindow, bench: StandIn) -> QWidget:
        window.conduct.command(command)
        found = window.findChild(QWidget, name)
        assert isinstance(found, QWidget)
        return found

    return scene


STATES: dict[str, Scene] = {
    "stopped": _stopped,
    "empty": _empty,
    "copying": _starting(2),
    "installing": _starting(3),
    "failed": _failed,
    "idle": _idle,
    "message": _message,
    "find": _find,
    "health": _health,
    "filtered": _filtered,
}
"""Of the main window."""

DIALOGS: dict[str, Scene] = {
    "settings": _dialog("settings", "settingsDialog"),
    "shortcuts": _dialog("shortcuts", "shortcutsDialog"),
    "port": _dialog("port", "portDialog"),
}

SCENES = {**STATES, **DIALOGS, "palette": _palette}
