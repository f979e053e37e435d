"""A box to tick, with a sentence beside it that may take several lines."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy

from craft_desktop.ui.glyph import paint
from craft_desktop.ui.present import Shape
from craft_desktop.ui.theme import CONTROL, GAP, RADIUS

BOX = 16
LEAST_WIDTH = 160
"""The sentence is broken no narrower."""


class CheckBox(QCheckBox):
    """Qt's own has one line of text, and with this program's style sheet no visible focus."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        """Ask for one line."""
        width = BOX + GAP + self.fontMetrics().horizontalAdvance(self.text())
        return QSize(width, CONTROL)

    def minimumSizeHint(self) -> QSize:
        """Ask for what several lines need."""
        return QSize(LEAST_WIDTH, CONTROL)

    def heightForWidth(self, width: int) -> int:
        """Give the height of the sentence at a width, no less than a control's."""
        rest = QRect(0, 0, max(1, width - BOX - GAP), 0)
        return max(CONTROL, self.fontMetrics().boundingRect(rest, _FLAGS, self.text()).height())

    def hitButton(self, pos: QPoint) -> bool:
        """Let a click on the words do as well."""
        return self.rect().contains(pos)

    def event(self, event: QEvent) -> bool:
        """Paint anew when the focus or the pointer comes or goes."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut, QEvent.Type.EnabledChange):
            self.update()
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw box and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        lines = self.fontMetrics().lineSpacing()
        words = QRect(BOX + GAP, 0, self.width() - BOX - GAP, self.height())
        is_one_line = self.fontMetrics().boundingRect(words, _FLAGS, self.text()).height() <= lines
        top = (self.height() - BOX) / 2 if is_one_line else (lines - BOX) / 2 + 1
        box = QRectF(0.5, round(top) + 0.5, BOX - 1, BOX - 1)
        ground = palette.color(QPalette.ColorRole.Highlight if self.isChecked() else QPalette.ColorRole.Base)
        edge = palette.color(QPalette.ColorRole.PlaceholderText)
        if self.hasFocus():
            edge = palette.color(QPalette.ColorRole.Text if self.isChecked() else QPalette.ColorRole.Highlight)
        elif self.isChecked():
            edge = ground
        painter.setPen(QPen(edge, 2 if self.hasFocus() else 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, RADIUS - 2, RADIUS - 2)
        if self.isChecked():
            paint(painter, box, Shape.CHECK, palette.color(QPalette.ColorRole.HighlightedText))
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        where = Qt.AlignmentFlag.AlignVCenter if is_one_line else Qt.AlignmentFlag.AlignTop
        painter.drawText(words, _FLAGS | int(where), self.text())
        painter.end()


_FLAGS = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft)
