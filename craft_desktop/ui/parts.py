"""Small parts that every widget is made of: labels, buttons, lines and the names they go by."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QSizePolicy, QToolButton, QWidget

from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import ICON
from craft_desktop.ui.words import tr


def label(text: str = "", role: str = "", *, wraps: bool = False) -> QLabel:
    """Make a label; its text is never read as markup, for it may come from a project."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if role:
        made.setProperty("role", role)
    return made


def push_button(name: str, text: str, role: str = "") -> QPushButton:
    """Make a button with a text."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setAutoDefault(False)
    if role:
        made.setProperty("role", role)
    return made


def tool_button(name: str, words: str, icons: Icons, icon: str, *, checkable: bool = False) -> QToolButton:
    """Make a button with an icon; `words` is its tool tip and its name for a screen reader."""
    made = QToolButton()
    made.setObjectName(name)
    made.setIconSize(QSize(ICON, ICON))
    made.setCheckable(checkable)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setToolTip(words)
    made.setAccessibleName(words)
    icons.bind(made, icon)
    return made


def make_clearable(edit: QLineEdit, icons: Icons) -> None:
    """Give a field a small cross that empties it, there as long as it holds something."""
    cross = edit.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
    cross.setToolTip(tr("Clear"))
    icons.bind(cross, "close")
    cross.triggered.connect(edit.clear)
    cross.setVisible(False)
    edit.textChanged.connect(lambda text: cross.setVisible(bool(text)))


def line() -> QFrame:
    """Make a thin line between two parts."""
    made = QFrame()
    made.setProperty("role", "line")
    return made


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and have it looked at again if it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class ElidedLabel(QLabel):
    """A line of text that gives way: what does not fit is an ellipsis, the whole is in the tool tip."""

    def __init__(self, role: str = "", where: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._where = where
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    def minimumSizeHint(self) -> QSize:
        """Ask for no width at all."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        shown = self.fontMetrics().elidedText(self.text(), self._where, self.contentsRect().width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()
