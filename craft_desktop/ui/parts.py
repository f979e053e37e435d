"""Small parts that every widget is made of: labels, buttons, lines and the names they go by."""

import html

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPainter, QPaintEvent
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


_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def _is_return(event: QKeyEvent) -> bool:
    """Tell whether Return was pressed, alone and once: outside of dialogs Qt's buttons hear Space only."""
    is_alone = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
    return event.key() in _RETURN and is_alone and not event.isAutoRepeat()


class PushButton(QPushButton):
    """A button with a text, pressed by Space and by Return."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press on Return."""
        if _is_return(event):
            self.click()
        else:
            super().keyPressEvent(event)


class ToolButton(QToolButton):
    """A button with an icon, pressed by Space and by Return."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press on Return, or open the menu."""
        if not _is_return(event):
            super().keyPressEvent(event)
        elif self.popupMode() is QToolButton.ToolButtonPopupMode.InstantPopup and self.menu() is not None:
            self.showMenu()
        else:
            self.click()


def push_button(name: str, text: str, role: str = "") -> PushButton:
    """Make a button with a text."""
    made = PushButton(text)
    made.setObjectName(name)
    made.setAutoDefault(False)
    if role:
        made.setProperty("role", role)
    return made


def tool_button(name: str, words: str, icons: Icons, icon: str, *, checkable: bool = False) -> ToolButton:
    """Make a button with an icon; `words` is its tool tip and its name for a screen reader."""
    made = ToolButton()
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
    cross.setText(tr("Clear"))
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


BETWEEN = " · "
"""Stands between the parts of a line."""


def tip(words: str) -> str:
    """Give words, which may be a project's, as a tool tip: Qt takes markup in one, as in a file's name, as such."""
    return f"<qt>{html.escape(words)}</qt>" if "<" in words else words


class ElidedLabel(QLabel):
    """A line of text that gives way: what does not fit is an ellipsis, the whole is in the tool tip.

    :param by_parts: of a line in parts the last ones go, each as a whole, before a word is cut.
    """

    def __init__(
        self,
        role: str = "",
        where: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        *,
        by_parts: bool = False,
    ) -> None:
        super().__init__()
        self._where = where
        self._by_parts = by_parts
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    def minimumSizeHint(self) -> QSize:
        """Ask for no width at all."""
        return QSize(0, super().minimumSizeHint().height())

    def shown_at(self, width: int) -> str:
        """Give what is drawn at a width."""
        metrics, shown = self.fontMetrics(), self.text()
        while self._by_parts and BETWEEN in shown and metrics.horizontalAdvance(shown) > width:
            shown = shown.rpartition(BETWEEN)[0]
        return metrics.elidedText(shown, self._where, width)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        shown = self.shown_at(self.contentsRect().width())
        self.setToolTip(tip(self.text()) if shown != self.text() else "")
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()
