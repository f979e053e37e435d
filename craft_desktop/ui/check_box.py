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
        """Give the height of the sentence at a width; its first line stands as in a control of one line."""
        rest = QRect(0, 0, max(1, width - BOX - GAP), 0)
        return 2 * self._above + self.fontMetrics().boundingRect(rest, _FLAGS, self.text()).height()

    @property
    def _above(self) -> int:
        return max(0, (CONTROL - self.fontMetrics().height()) // 2)

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
        words = QRect(BOX + GAP, self._above, self.width() - BOX - GAP, self.height() - self._above)
        pen = 2 if self.hasFocus() else 1
        # The middle of the line, so that it covers whole points: half covered ones are too pale to tell the focus.
        box = QRectF(pen / 2, (CONTROL - BOX) // 2 + pen / 2, BOX - pen, BOX - pen)
        ground = palette.color(QPalette.ColorRole.Highlight if self.isChecked() else QPalette.ColorRole.Base)
        edge = palette.color(QPalette.ColorRole.PlaceholderText)
        if self.hasFocus():
            edge = palette.color(QPalette.ColorRole.Text if self.isChecked() else QPalette.ColorRole.Highlight)
        elif self.isChecked():
            edge = ground
        painter.setPen(QPen(edge, pen))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, RADIUS - 2, RADIUS - 2)
        if self.isChecked() and self.hasFocus():  # apart from its frame, which is too like it to be seen beside it
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Base), 1))
            painter.drawRect(box.adjusted(1.5, 1.5, -1.5, -1.5))
        if self.isChecked():
            paint(painter, box, Shape.CHECK, palette.color(QPalette.ColorRole.HighlightedText))
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(words, _FLAGS, self.text())
        painter.end()


_FLAGS = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop)
