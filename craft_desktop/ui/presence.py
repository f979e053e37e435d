"""The window on the desktop: its icon in the tray, what is told while it is not in front, how it comes forward."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QWidget

from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.settings import Settings
from craft_desktop.ui.tidings import Tidings, tidings
from craft_desktop.ui.tray import Tray, TrayRow
from craft_desktop.ui.words import tr

_RESTING = Tidings(
    "", tr("Craft Desktop keeps running"), tr("Its icon is in the system’s tray; Quit there ends the previews.")
)
"""Told once in a run: a window that closes and leaves something running would surprise."""


class Presence(QObject):
    """Decides what is told and when; shows nothing itself but the tray's icon.

    :param rows: gives the projects and their runs, last used first.
    """

    news = Signal(object)
    """A `Tidings` for the desktop's notifications."""

    def __init__(self, window: QWidget, icon: QIcon, rows: Callable[[], Sequence[TrayRow]]) -> None:
        super().__init__(window)
        self._window = window
        self._tells = True
        self._has_told_rest = False
        self.tray = Tray(icon, rows, self)

    def show_settings(self, settings: Settings) -> None:
        """Show the tray's icon or take it away; tell from now on, or not."""
        self._tells = settings.notifications
        self.tray.show_icon(settings.tray)

    def heed(self, before: Phase, session: Session, project: Project) -> None:
        """Tell of a step of a run if it is worth it and nobody sees it in the window."""
        self.tray.heed()
        if not self._tells or QApplication.activeWindow() is not None:
            return
        told = tidings(before, session, project.name, tr)
        if told is not None:
            self.news.emit(told)

    def goes_to_rest(self) -> bool:
        """Hide the window instead of ending the program, where the tray's icon can bring it back; answer if it did."""
        if not self.tray.is_shown:
            return False
        self._window.hide()
        if not self._has_told_rest:
            self._has_told_rest = True
            self.news.emit(_RESTING)
        return True

    def come_forward(self) -> None:
        """Bring the window to the front, from wherever it is."""
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def end(self) -> None:
        """Take the icon away."""
        self.tray.close_tray()
