"""The preview in a window of its own, with the keys of the main window that make sense there."""

from collections.abc import Iterable

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QVBoxLayout, QWidget

from craft_desktop.ui.attention import Attention
from craft_desktop.ui.commands import COMMANDS
from craft_desktop.ui.words import tr

WIDTH, HEIGHT = 1000, 720
"""A small laptop's screen less its bars."""
LEAST_WIDTH, LEAST_HEIGHT = 360, 240
LOOK_MS = 500
"""As often as the main window looks whether a person is at it."""


class PopOut(QWidget):
    """Holds the preview while it is out; closing it puts the preview back."""

    commanded = Signal(str)
    closed = Signal()
    used = Signal()
    """A person is at this window."""

    def __init__(self, content: QWidget, commands: Iterable[str], owner: QWidget, geometry: bytes) -> None:
        super().__init__()
        self.setObjectName("popOut")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowIcon(owner.window().windowIcon())
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(content)
        if not geometry or not self.restoreGeometry(QByteArray(geometry)):
            self.resize(WIDTH, HEIGHT)
        wanted = frozenset(commands)
        for command in COMMANDS:
            if command.name in wanted and command.keys:
                action = QAction(tr(command.words), self)
                action.setObjectName(f"pop-{command.name}")
                action.setShortcuts([QKeySequence(key) for key in command.keys])
                action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
                action.triggered.connect(lambda _on=False, name=command.name: self.commanded.emit(name))
                self.addAction(action)
        attention = Attention(self, self.used.emit)
        self._ticker = QTimer(self, interval=LOOK_MS)
        self._ticker.timeout.connect(attention.tick)
        self._ticker.start()

    def show_name(self, name: str) -> None:
        """Name the project in the title; a page's own title could name anything."""
        self.setWindowTitle(tr("{0} – Preview").format(name))

    @property
    def place(self) -> bytes:
        """Size and place, as Qt keeps them."""
        return bytes(self.saveGeometry().data())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave it to the pane: what is shown here must go back first."""
        event.ignore()
        self.closed.emit()
