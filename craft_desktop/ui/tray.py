"""The icon in the system's tray: which previews run, and a way to start, stop and show them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from craft_desktop.model.project import Project
from craft_desktop.model.session import Session
from craft_desktop.ui import present
from craft_desktop.ui.present import Button
from craft_desktop.ui.words import tr

MOST_STOPPED = 5
"""Of the projects that do not run, so many are offered, last used first: a tray's menu is no second list."""


@dataclass(frozen=True, slots=True)
class TrayRow:
    """A project in the tray's menu."""

    project: Project
    session: Session


def rows_of(projects: Sequence[Project], session: Callable[[str], Session]) -> list[TrayRow]:
    """Give a row for each project."""
    return [TrayRow(project, session(project.id)) for project in projects]


class Tray(QObject):
    """Shown and hidden by the setting; its menu is made when it opens.

    :param rows: gives the projects and their runs, last used first.
    """

    show_requested = Signal(str)
    """The window is wanted, with this project in sight; empty: as it is."""
    commanded = Signal(str, str)
    """A command's name and the project's id."""
    quit_requested = Signal()

    def __init__(self, icon: QIcon, rows: Callable[[], Sequence[TrayRow]], parent: QObject) -> None:
        super().__init__(parent)
        self._rows = rows
        self.menu = QMenu()
        self.menu.setObjectName("trayMenu")
        self.menu.aboutToShow.connect(self._fill)
        self._fill()  # some desktops ask for the menu before it opens
        self._icon = QSystemTrayIcon(icon, self)
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._activated)

    @staticmethod
    def is_available() -> bool:
        """Has this desktop a tray?"""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def is_shown(self) -> bool:
        """Is the icon there, so that a person can find a hidden window again?"""
        return self._icon.isVisible() and self.is_available()

    def show_icon(self, is_wanted: bool) -> None:
        """Show the icon, where there is a tray, or take it away."""
        self._icon.setVisible(is_wanted and self.is_available())

    def heed(self) -> None:
        """Tell in the icon's tip how many previews run."""
        running = sum(row.session.is_active for row in self._rows())
        if running == 0:
            words = tr("No preview is running")
        elif running == 1:
            words = tr("1 preview is running")
        else:
            words = tr("{0} previews are running").format(running)
        self._icon.setToolTip(f"Craft Desktop: {words}")

    def close_tray(self) -> None:
        """Take the icon away for good; its menu has no parent that would."""
        self._icon.hide()
        self.menu.deleteLater()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.show_requested.emit("")

    def _fill(self) -> None:
        self.menu.clear()  # takes the entries, but not the menus behind them
        for earlier in self.menu.findChildren(QMenu):
            earlier.deleteLater()
        rows = self._rows()
        running = [row for row in rows if row.session.is_active]
        for row in running:
            self._add_running(row)
        if running:
            self.menu.addSeparator()
        stopped = [row for row in rows if present.buttons(row.session).start is Button.READY][:MOST_STOPPED]
        for row in stopped:
            self._add(tr("Start {0}").format(_name(row)), "start", row)
        if stopped:
            self.menu.addSeparator()
        self.menu.addAction(tr("Show Craft Desktop")).triggered.connect(lambda: self.show_requested.emit(""))
        self.menu.addAction(tr("Quit")).triggered.connect(lambda: self.quit_requested.emit())

    def _add_running(self, row: TrayRow) -> None:
        words = f"{_name(row)}: {present.state(row.session, tr).words}"
        place = self.menu.addMenu(words)
        key = row.project.id
        place.addAction(tr("Show")).triggered.connect(lambda: self.show_requested.emit(key))
        place.addAction(tr("Open in browser")).triggered.connect(lambda: self.commanded.emit("browser", key))
        place.addAction(tr("Stop")).triggered.connect(lambda: self.commanded.emit("stop", key))

    def _add(self, words: str, command: str, row: TrayRow) -> None:
        key = row.project.id
        self.menu.addAction(words).triggered.connect(lambda: self.commanded.emit(command, key))


def _name(row: TrayRow) -> str:
    return row.project.name.replace("&", "&&")  # else it would be a key of the menu
