"""The address field: the host quietly in front, the path to be edited."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit

from craft_desktop.ui.asks import plain
from craft_desktop.ui.commands import hint
from craft_desktop.ui.parts import label, set_property
from craft_desktop.ui.theme import GAP
from craft_desktop.ui.words import tr

ROOM_FOR_PATH = 140
"""Points the path keeps; where they do not remain beside the host, the host goes."""
LEAST = 120


class AddressField(QFrame):
    """Shows where the page is; what is typed is told when Return is pressed."""

    entered = Signal(str)

    def __init__(self, host: str) -> None:
        """:param host: the project's own, as the address bar of a browser would show it."""
        super().__init__()
        self.setObjectName("addressFrame")
        self.setMinimumWidth(LEAST)
        self._path = "/"
        self.host = label(host, "muted")
        self.host.setObjectName("addressHost")
        self.host.setToolTip(tr("The project’s own address; other addresses open in your browser"))
        self.edit = QLineEdit()
        self.edit.setObjectName("addressField")
        self.edit.setAccessibleName(tr("Address"))
        self.edit.setToolTip(hint("address"))
        self.edit.setAcceptDrops(False)
        self.edit.returnPressed.connect(self._enter)
        self.edit.installEventFilter(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.host)
        row.addWidget(self.edit, 1)
        self.setFocusProxy(self.edit)

    def show_path(self, path: str) -> None:
        """Show where the page is, unless a person is typing."""
        self._path = plain(path, 2_000)  # browsers show about as much
        if not (self.edit.hasFocus() and self.edit.isModified()):
            self._restore()

    def begin_edit(self) -> None:
        """Put the cursor in, everything chosen."""
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Draw the focus around the whole, and give up on Escape."""
        kind = event.type()
        if kind in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            set_property(self, "focused", kind == QEvent.Type.FocusIn)
        if kind == QEvent.Type.KeyPress and getattr(event, "key", lambda: None)() == Qt.Key.Key_Escape:
            self._restore()
            self.edit.selectAll()
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the host out where it would take the path's place."""
        super().resizeEvent(event)
        self.host.setVisible(self.width() - self.host.sizeHint().width() >= ROOM_FOR_PATH)

    def _enter(self) -> None:
        self.edit.setModified(False)
        self.entered.emit(self.edit.text())

    def _restore(self) -> None:
        self.edit.setText(self._path)
        self.edit.setCursorPosition(0)
