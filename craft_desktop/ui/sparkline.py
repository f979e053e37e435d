"""A small line of what was measured in the last minutes."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from craft_desktop.ui.theme import GAP_S, STEP, Theme

HEIGHT = 8 * STEP
WIDTH = 30 * STEP
LINE = 1.5
"""The line's width in points: seen beside text of 13, and no more."""
WASH = 40
"""How much of the ground below the line is filled, of 255."""


class Sparkline(QWidget):
    """Draws values over time; the last one has a dot.

    A screen reader is told by the accessible name, which the owner sets in words.
    """

    def __init__(self, theme: Theme, span_s: float) -> None:
        super().__init__()
        self._theme, self._span_s = theme, span_s
        self._points: tuple[tuple[float, float], ...] = ()
        self._top = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """What is drawn: seconds and values."""
        return self._points

    def show_points(self, points: Sequence[tuple[float, float]], top: float) -> None:
        """Draw `points` (Unix seconds, value), oldest first; `top` is the value at the upper edge."""
        self._points = tuple(points)
        self._top = max(top, 1e-9)
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough for a trend."""
        return QSize(WIDTH, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Give way where the pane is low."""
        return QSize(WIDTH // 2, HEIGHT // 2)

    def placed(self) -> list[QPointF]:
        """Give where each value is drawn; the newest at the right edge, values beyond the edges at them."""
        if not self._points:
            return []
        inner = self._inner()
        newest = self._points[-1][0]
        return [
            QPointF(
                inner.right() - min(1.0, max(0.0, (newest - at) / self._span_s)) * inner.width(),
                inner.bottom() - min(1.0, max(0.0, value / self._top)) * inner.height(),
            )
            for at, value in self._points
        ]

    def _inner(self) -> QRectF:
        """Give where the line goes: from under the title's first letter; at the other side the dot has its room."""
        return QRectF(self.rect()).adjusted(0, GAP_S, -GAP_S - 1, -GAP_S - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground line, and above it the values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._theme.colours
        inner = self._inner()
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(inner.bottomLeft(), inner.bottomRight())
        placed = self.placed()
        if placed:
            ink = QColor(colours.accent)
            wash = QColor(ink)
            wash.setAlpha(WASH)
            ground = [QPointF(placed[-1].x(), inner.bottom()), QPointF(placed[0].x(), inner.bottom())]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(wash)
            painter.drawPolygon(QPolygonF([*placed, *ground]))
            painter.setPen(QPen(ink, LINE))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(placed))
            painter.setBrush(ink)
            painter.drawEllipse(placed[-1], 2.0, 2.0)
        painter.end()
