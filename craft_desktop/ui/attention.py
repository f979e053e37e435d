"""Notices that a person is at the window: it comes to the front, or the pointer moves over it while it is there.

A page that merely stands there is no use (an open hot-reload socket even less). What is typed into it shows as
requests at the gateway. Every event of the program through Python, which a filter would cost, is not worth more.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QWidget


class Attention(QObject):
    """Tells `on_use` of a person at `window`.

    :param where: asks for the pointer's place on the screen.
    """

    def __init__(self, window: QWidget, on_use: Callable[[], None], where: Callable[[], QPoint] = QCursor.pos) -> None:
        super().__init__(window)
        self._window = window
        self._on_use = on_use
        self._where = where
        self._last = where()
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)  # a window cannot be without one
        app.applicationStateChanged.connect(self._heed_state)

    def tick(self) -> None:
        """Look whether the pointer has moved over the window since the last time."""
        place = self._where()
        moved, self._last = place != self._last, place
        is_over = self._window.rect().contains(self._window.mapFromGlobal(place))
        if moved and is_over and self._window.isActiveWindow():
            self._on_use()

    def _heed_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self._on_use()
