"""The window in each of its states, and each dialog: for tests that hold of all of them."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from craft_desktop.model.env_files import EnvFile, EnvFiles
from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import LogLine, Notice, SessionChanged, Stream
from craft_desktop.model.project import Provider
from craft_desktop.model.script import Framework
from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.ui.asks import Ask
from craft_desktop.ui.environment_bridge import Surroundings
from craft_desktop.ui.environment_dialog import EnvironmentDialog
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.project_pane import ProjectPane
from craft_desktop.ui.settings_dialog import SECTIONS, SettingsDialog
from tests.ui.stand_in import DIAGNOSIS, NOW, SEEN, StandIn, failed, idled, live, run_to
from tests.ui.still_web import StillWeb

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


def _live(window: MainWindow, bench: StandIn) -> None:
    preview = pane(window).preview
    preview._open_web = StillWeb
    bench.tell(SessionChanged(live("p1", NOW)))
    assert preview.is_live


def _page(window: MainWindow, bench: StandIn) -> QWidget:
    """Show every bar there is around a page: its own, the device's, a question, the search in the log."""
    _live(window, bench)
    window.conduct.command("phone")
    preview = pane(window).preview
    preview.line.ask(
        Ask("download", "The page offers the file “x.bin” (10 B).", "Save as…", "Don’t save", lambda _: None)
    )
    preview.line._enable(True)  # the guard against a page's guess would be over half a second later
    bench.tell(SEEN)
    return _find(window, bench)


def _said(window: MainWindow, bench: StandIn) -> QWidget:
    _live(window, bench)
    pane(window).preview.line.say("Saved x.bin in Downloads.")
    return window


def _doctor(window: MainWindow, bench: StandIn) -> QWidget:
    _failed(window, bench)
    pane(window).toggle_doctor()
    panel = pane(window).doctor
    assert panel is not None
    panel.show_diagnosis(DIAGNOSIS)
    return window


def _popped(window: MainWindow, bench: StandIn) -> QWidget:
    _live(window, bench)
    window.conduct.command("pop-out")
    popped = pane(window).preview.popped
    assert popped is not None
    return popped


def _settings_at(row: int) -> Scene:
    def scene(window: MainWindow, bench: StandIn) -> QWidget:
        bench.key = KeyState(KeySource.KEYRING, "•••• 7f3a")
        dialog = _dialog("settings", "settingsDialog")(window, bench)
        assert isinstance(dialog, SettingsDialog)
        dialog.headings.setCurrentRow(row)
        return dialog

    return scene


def _variables(window: MainWindow, bench: StandIn) -> EnvironmentDialog:
    _live(window, bench)
    dialog = _dialog("environment", "environmentDialog")(window, bench)
    assert isinstance(dialog, EnvironmentDialog)
    files = EnvFiles(Framework.NEXT, (EnvFile(".env", frozenset({"FROM_FILE"})),))
    dialog.show_around(Surroundings(("API_URL", "TOKEN"), KeySource.KEYRING, files))
    return dialog


def _variable(window: MainWindow, bench: StandIn) -> QWidget:
    dialog = _variables(window, bench)
    dialog.all.add_button.click()
    dialog.editor.name.setText("NAME")
    return dialog


def _dotenv(window: MainWindow, bench: StandIn) -> QWidget:
    dialog = _variables(window, bench)
    dialog.all.paste_button.click()
    dialog.paste.read("A=1\nPORT=3000\n")
    return dialog


def _unsaved(window: MainWindow, bench: StandIn) -> QWidget:
    dialog = _variables(window, bench)
    dialog.all.remove_requested.emit("TOKEN")
    dialog.close()
    assert dialog.question.isVisible()
    return dialog


def _quit(window: MainWindow, bench: StandIn) -> QWidget:
    bench.lifetime.asks = True
    return _dialog("quit", "quitDialog")(window, bench)


def _share(window: MainWindow, bench: StandIn) -> QWidget:
    bench.list_changed((replace(bench.projects[0], provider=Provider.E2B), *bench.projects[1:]))
    return _dialog("share", "shareDialog")(window, bench)


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
    "page": _page,
    "said": _said,
    "doctor": _doctor,
}
"""Of the main window."""

DIALOGS: dict[str, Scene] = {
    "settings": _dialog("settings", "settingsDialog"),
    "shortcuts": _dialog("shortcuts", "shortcutsDialog"),
    "port": _dialog("port", "portDialog"),
    "share": _share,
    "quit": _quit,
    "environment": _variables,
    "variable": _variable,
    "dotenv": _dotenv,
    "unsaved": _unsaved,
    **{f"settings: {title}": _settings_at(row) for row, (title, _) in enumerate(SECTIONS) if row},
}

PAGES_OWN = {"popped": _popped}

SCENES = {**STATES, **DIALOGS, **PAGES_OWN, "palette": _palette}
