"""Two parts side by side, or one below the other; the line between them is moved by mouse or by keys."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from craft_desktop.ui.theme import GAP_L

_BACK = (Qt.Key.Key_Left, Qt.Key.Key_Up)
_FORTH = (Qt.Key.Key_Right, Qt.Key.Key_Down)


class Handle(QSplitterHandle):
    """The line. Arrow keys move it while it has the focus."""

    def __init__(self, splitter: "Splitter", words: str) -> None:
        super().__init__(splitter.orientation(), splitter)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by arrow keys."""
        key = Qt.Key(event.key())
        if key not in _BACK + _FORTH:
            super().keyPressEvent(event)
            return
        margins = self.contentsMargins()  # around the line, to be caught with the mouse
        is_upright = self.orientation() is Qt.Orientation.Horizontal
        at = self.x() + margins.left() if is_upright else self.y() + margins.top()
        self.moveSplitter(at + (GAP_L if key in _FORTH else -GAP_L))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, in a link's colour while it has the focus."""
        if not self.hasFocus():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().link())
        painter.end()


class Splitter(QSplitter):
    """Holds two parts and a line of one point.

    :param words: what moving the line does, for a screen reader.
    """

    def __init__(self, name: str, orientation: Qt.Orientation, words: str, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self._words = words
        self.setObjectName(name)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        """Make the line."""
        return Handle(self, self._words)

    def addWidget(self, widget: QWidget) -> None:
        """Add a part after the others: a screen reader would meet the last one first."""
        super().addWidget(widget)
        widget.raise_()
        for number in range(1, self.count()):
            self.handle(number).raise_()  # it reaches over both parts, to be caught with the mouse
