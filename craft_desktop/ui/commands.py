"""Every command of the window, once: its words, its keys, its menu."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from craft_desktop.ui.words import tr


@dataclass(frozen=True, slots=True)
class Command:
    """One command. The first of `keys` is shown; `gap` sets it apart from the one above; one that `ticks` is a
    choice between on and off."""

    name: str
    menu: str
    words: str
    keys: tuple[str, ...] = ()
    gap: bool = False
    ticks: bool = False


OF_PROJECT = "&Project"
"""The menu of what is done to one project: in the menu bar, in the list, and behind the three dots."""


COMMANDS: tuple[Command, ...] = (
    Command("open", "&File", "Open folder…", ("Ctrl+O",)),
    Command("sample", "&File", "Try the sample project"),
    Command("settings", "&File", "Settings…", ("Ctrl+,",), gap=True),
    Command("quit", "&File", "Quit", ("Ctrl+Q",), gap=True),
    Command("start", OF_PROJECT, "Start", ("Ctrl+Return", "Ctrl+Enter")),
    Command("stop", OF_PROJECT, "Stop", ("Ctrl+.",)),
    Command("restart", OF_PROJECT, "Restart", ("Ctrl+Shift+R",)),
    Command("restart-clean", OF_PROJECT, "Restart clean"),
    Command("reinstall", OF_PROJECT, "Reinstall dependencies"),
    Command("browser", OF_PROJECT, "Open in browser", ("Ctrl+Shift+B",), gap=True),
    Command("folder", OF_PROJECT, "Open folder in file manager"),
    Command("editor", OF_PROJECT, "Open in editor", ("Ctrl+Shift+E",)),
    Command("copy-address", OF_PROJECT, "Copy address"),
    Command("copy-public-address", OF_PROJECT, "Copy public address"),
    Command("port", OF_PROJECT, "Port of its page…", gap=True),
    Command("environment", OF_PROJECT, "Environment variables…"),
    Command("keep-awake", OF_PROJECT, "Keep awake", ticks=True),
    Command("share", OF_PROJECT, "Share on the internet…", ticks=True),
    Command("remove", OF_PROJECT, "Remove from list", gap=True),
    Command("palette", "&View", "Command palette…", ("Ctrl+K",)),
    Command("filter", "&View", "Filter projects", ("Ctrl+P",)),
    Command("doctor", "&View", "Preview doctor", ("Ctrl+Shift+D",)),
    Command("find", "&View", "Find in log", ("Ctrl+F",), gap=True),
    Command("find-next", "&View", "Next hit", ("F3",)),
    Command("find-previous", "&View", "Previous hit", ("Shift+F3",)),
    Command("reload", "P&age", "Reload page", ("Ctrl+R", "F5")),
    Command("back", "P&age", "Back", ("Alt+Left",)),
    Command("forward", "P&age", "Forward", ("Alt+Right",)),
    Command("address", "P&age", "Edit address", ("Ctrl+L",)),
    Command("zoom-in", "P&age", "Larger", ("Ctrl++", "Ctrl+="), gap=True),
    Command("zoom-out", "P&age", "Smaller", ("Ctrl+-",)),
    Command("zoom-reset", "P&age", "Actual size", ("Ctrl+0",)),
    Command("phone", "P&age", "Phone size", ("Alt+1",), gap=True),
    Command("tablet", "P&age", "Tablet size", ("Alt+2",)),
    Command("full", "P&age", "Full size", ("Alt+3",)),
    Command("custom", "P&age", "Custom size…", ("Alt+4",)),
    Command("rotate", "P&age", "Rotate", ("Alt+R",)),
    Command("shot-save", "P&age", "Save screenshot…", ("Ctrl+Shift+S",), gap=True),
    Command("shot-copy", "P&age", "Copy screenshot", ("Ctrl+Shift+C",)),
    Command("shot-save-whole", "P&age", "Save screenshot of whole page…"),
    Command("shot-copy-whole", "P&age", "Copy screenshot of whole page"),
    Command("tools", "P&age", "Developer tools", ("F12",), gap=True),
    Command("pop-out", "P&age", "Open in its own window", ("Ctrl+Shift+O",)),
    Command("shortcuts", "&Help", "Keyboard shortcuts", ("F1",)),
)

_BY_NAME = {command.name: command for command in COMMANDS}


def words(name: str) -> str:
    """Say what a command does."""
    return tr(_BY_NAME[name].words)


def hint(name: str) -> str:
    """Say what a command does, with its key: a button's tool tip."""
    said = words(name).rstrip("…")
    keys = _BY_NAME[name].keys
    return f"{said} ({keys[0]})" if keys else said


PROJECT_KEYS = 9
"""Ctrl+1 to Ctrl+9 choose a project."""


def make_actions(owner: QWidget) -> dict[str, QAction]:
    """Make an action for each command, its keys working all over the window."""
    actions: dict[str, QAction] = {}
    for command in COMMANDS:
        action = QAction(tr(command.words), owner)
        action.setObjectName(f"action-{command.name}")
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setCheckable(command.ticks)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setMenuRole(_ROLES.get(command.name, QAction.MenuRole.NoRole))
        owner.addAction(action)
        actions[command.name] = action
    return actions


_ROLES = {"quit": QAction.MenuRole.QuitRole, "settings": QAction.MenuRole.PreferencesRole}


def fill_menus(bar: QMenuBar, actions: Mapping[str, QAction]) -> None:
    """Put the actions into their menus."""
    menus: dict[str, QMenu] = {}
    for command in COMMANDS:
        menu = menus.get(command.menu)
        if menu is None:
            menu = menus[command.menu] = bar.addMenu(tr(command.menu))
            menu.setObjectName(f"menu-{command.menu.replace('&', '').lower()}")
        if command.gap:
            menu.addSeparator()
        menu.addAction(actions[command.name])


def add_project_keys(owner: QWidget, choose: Callable[[int], None]) -> None:
    """Make Ctrl+1 to Ctrl+9 choose a row of the list."""
    for number in range(1, PROJECT_KEYS + 1):
        action = QAction(owner)
        action.setObjectName(f"action-project-{number}")
        action.setShortcut(QKeySequence(f"Ctrl+{number}"))
        action.triggered.connect(lambda _checked=False, row=number - 1: choose(row))
        owner.addAction(action)
