"""How a project's row is painted."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from craft_desktop.ui import glyph
from craft_desktop.ui.present import Row, Tone
from craft_desktop.ui.theme import FONT, FONT_SMALL, GAP, GAP_S, RADIUS, Theme

ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
LINES_ROLE = ROW_ROLE + 1
"""How many lines a row has: asked of every row that there is, while all the rest is asked of those in sight."""
GLYPH = 14


class RowPainter(QStyledItemDelegate):
    """Paints name, state and time, and the problem as a third line where there is one."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._heights: dict[tuple[str, int], int] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Give two lines their room, and a third if there is a problem."""
        lines = index.data(LINES_ROLE) or 2
        known = (option.font.key(), lines)
        height = self._heights.get(known)
        if height is None:
            name, small = (QFontMetrics(font).height() for font in self._fonts(option.font))
            height = self._heights[known] = name + (lines - 1) * (small + 2) + 4 * GAP_S
        return QSize(0, height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a row."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        colours = self._theme.colours
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(box).adjusted(0, 1, 0, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(colours.selected))
            painter.drawRoundedRect(ground, RADIUS, RADIUS)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(colours.hover))
            painter.drawRoundedRect(ground, RADIUS, RADIUS)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.focus), 2))
            painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        self._paint_text(painter, box, row, option.font)
        painter.restore()

    def _paint_text(self, painter: QPainter, box: QRect, row: Row, base: QFont) -> None:
        colours = self._theme.colours
        name_font, small_font = self._fonts(base)
        name, small = QFontMetrics(name_font), QFontMetrics(small_font)
        top = box.top() + 2 * GAP_S
        left = box.left() + GAP + GLYPH + GAP
        width = box.right() - GAP - left
        glyph_top = top + (name.height() - GLYPH) / 2
        glyph_box = QRectF(box.left() + GAP, glyph_top, GLYPH, GLYPH)
        glyph.paint(painter, glyph_box, row.state.shape, self._theme.tone(row.state.tone))

        def write(text: str, font: QFont, metrics: QFontMetrics, colour: str, at: int) -> int:
            painter.setFont(font)
            painter.setPen(QColor(colour))
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(left, at + metrics.ascent(), shown)
            return at + metrics.height() + 2

        tone = colours.muted if row.state.tone is Tone.QUIET else self._theme.tone(row.state.tone).name()
        below = write(row.name, name_font, name, colours.text, top)
        below = write(row.line, small_font, small, tone, below)
        if row.problem:
            write(row.problem, small_font, small, colours.muted, below)

    def _fonts(self, base: QFont) -> tuple[QFont, QFont]:
        name, small = QFont(base), QFont(base)
        name.setPixelSize(FONT)
        name.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(FONT_SMALL)
        return name, small
