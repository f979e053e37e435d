"""A state's shape in its colour: ring, spinner, dot, moon, triangle, diamond, tick, dash."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QShowEvent
from PySide6.QtWidgets import QStyle, QWidget

from craft_desktop.ui.present import Shape, Tone
from craft_desktop.ui.theme import Theme

TURN_MS = 80
"""Between two positions of the spinner: twelve of them make one turn a second."""
TURN_DEGREES = 30


def paint(painter: QPainter, box: QRectF, shape: Shape, colour: QColor, angle: int = 45) -> None:
    """Draw `shape` into `box`; `angle` turns the spinner, in degrees."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    unit = box.width() / 16  # the shapes are drawn on a grid of 16
    pen = QPen(colour, 1.9 * unit, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.translate(box.topLeft())
    painter.scale(unit, unit)
    pen.setWidthF(1.9)
    painter.setPen(pen)
    match shape:
        case Shape.RING:
            painter.drawEllipse(QRectF(3.5, 3.5, 9, 9))
        case Shape.SPINNER:
            track = QColor(colour)
            track.setAlphaF(0.28)
            painter.setPen(QPen(track, 1.9))
            painter.drawEllipse(QRectF(3, 3, 10, 10))
            painter.setPen(pen)
            painter.drawArc(QRectF(3, 3, 10, 10), -angle * 16, 110 * 16)
        case Shape.DOT:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QRectF(3, 3, 10, 10))
        case Shape.MOON:
            whole, bite = QPainterPath(), QPainterPath()
            whole.addEllipse(QRectF(2.5, 2.5, 11, 11))
            bite.addEllipse(QRectF(6.5, 0.5, 10, 10))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPath(whole.subtracted(bite))
        case Shape.DIAMOND:
            painter.setBrush(colour)
            painter.drawPolygon(QPolygonF([QPointF(8, 2.8), QPointF(13.2, 8), QPointF(8, 13.2), QPointF(2.8, 8)]))
        case Shape.TRIANGLE:
            painter.setBrush(colour)
            painter.drawPolygon(QPolygonF([QPointF(8, 3.2), QPointF(13.6, 12.8), QPointF(2.4, 12.8)]))
        case Shape.CHECK:
            painter.drawPolyline(QPolygonF([QPointF(3.4, 8.4), QPointF(6.6, 11.6), QPointF(12.8, 4.8)]))
        case Shape.DASH:
            painter.drawLine(QPointF(4, 8), QPointF(12, 8))
    painter.restore()


class Glyph(QWidget):
    """A shape on its own. It turns only while it is seen, and only where the system allows motion."""

    def __init__(self, theme: Theme, size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shape, self._tone, self._angle = Shape.RING, Tone.QUIET, 0
        self._timer = QTimer(self, interval=TURN_MS)
        self._timer.timeout.connect(self._turn)
        self.setFixedSize(QSize(size, size))
        theme.changed.connect(self.update)

    @property
    def is_turning(self) -> bool:
        """Does it move?"""
        return self._timer.isActive()

    def show_shape(self, shape: Shape, tone: Tone) -> None:
        """Show a shape in a tone."""
        if (shape, tone) != (self._shape, self._tone):
            self._shape, self._tone = shape, tone
            self._heed_motion()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shape."""
        painter = QPainter(self)
        paint(painter, QRectF(self.rect()), self._shape, self._theme.tone(self._tone), self._angle)
        painter.end()

    def showEvent(self, event: QShowEvent) -> None:
        """Turn again."""
        super().showEvent(event)
        self._heed_motion()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest."""
        super().hideEvent(event)
        self._timer.stop()

    def _heed_motion(self) -> None:
        may_move = self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0
        if self._shape is Shape.SPINNER and may_move and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _turn(self) -> None:
        self._angle = (self._angle + TURN_DEGREES) % 360
        self.update()
