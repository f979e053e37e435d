from collections import Counter

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from craft_desktop.ui.commands import COMMANDS, PROJECT_KEYS, add_project_keys, fill_menus, make_actions


def test_no_key_serves_two_commands() -> None:
    keys = [QKeySequence(key).toString() for command in COMMANDS for key in command.keys]
    keys += [f"Ctrl+{number}" for number in range(1, PROJECT_KEYS + 1)]
    assert all(keys) and max(Counter(keys).values()) == 1


def test_the_map_of_keys() -> None:
    keys = {command.name: command.keys[0] for command in COMMANDS if command.keys}
    assert keys["open"] == "Ctrl+O" and keys["settings"] == "Ctrl+," and keys["shortcuts"] == "F1"
    assert (keys["start"], keys["stop"], keys["restart"]) == ("Ctrl+Return", "Ctrl+.", "Ctrl+Shift+R")
    assert (keys["reload"], keys["address"], keys["find"]) == ("Ctrl+R", "Ctrl+L", "Ctrl+F")


def test_menus_hold_every_command(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = make_actions(window)
    fill_menus(window.menuBar(), actions)
    listed = [action for menu in window.menuBar().actions() for action in menu.menu().actions()]  # type: ignore[attr-defined]
    assert [action for action in listed if not action.isSeparator()] == list(actions.values())


def test_numbers_choose_rows(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    chosen: list[int] = []
    add_project_keys(window, chosen.append)
    for number in (1, 9):
        action = window.findChild(QAction, f"action-project-{number}")
        assert isinstance(action, QAction)
        action.trigger()
    assert chosen == [0, 8]
