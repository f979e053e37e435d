"""How a project's row is painted."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from craft_desktop.ui import glyph
from craft_desktop.ui.present import Tone
from craft_desktop.ui.row_words import Row
from craft_desktop.ui.theme import FONT, FONT_SMALL, GAP, GAP_S, RADIUS, Theme

ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
LINES_ROLE = ROW_ROLE + 1
"""How many lines a row has: asked of every row that there is, while all the rest is asked of those in sight."""
GLYPH = 14
MARK = 16
"""Height of a framework's mark, and its least width: a small letter and its frame."""
BAR = 2
"""Height of the bar of a step whose usual time is known; it lies in the room below the words."""


class RowPainter(QStyledItemDelegate):
    """Paints name and mark, state and time, and below them the problem, or a bar where it is known how far it is."""

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
        whole = width
        first = QRect(left, top, whole, name.height())
        width -= self._paint_mark(painter, first, row.mark, small_font)
        if row.where:  # beside the name, which has at least half of the room
            room = max(width // 2, width - name.horizontalAdvance(row.name)) - GAP
            where = small.elidedText(row.where, Qt.TextElideMode.ElideLeft, room)
            width -= small.horizontalAdvance(where) + GAP
            painter.setFont(small_font)
            painter.setPen(QColor(colours.muted))
            begin = left + min(name.horizontalAdvance(row.name), width) + GAP
            painter.drawText(begin, top + name.ascent(), where)
        below = write(row.name, name_font, name, colours.text, top)
        width = whole
        below = write(row.line, small_font, small, tone, below)
        if row.problem:
            write(row.problem, small_font, small, colours.muted, below)
        elif row.share is not None:
            track = QRectF(left, below, whole, BAR)
            painter.fillRect(track, QColor(colours.edge))
            track.setWidth(whole * row.share)
            painter.fillRect(track, self._theme.tone(row.state.tone))

    def _paint_mark(self, painter: QPainter, line: QRect, mark: str, font: QFont) -> int:
        """Paint a framework's mark at a line's end; give the width that it takes."""
        if not mark:
            return 0
        colours, metrics = self._theme.colours, QFontMetrics(font)
        side = max(MARK, metrics.horizontalAdvance(mark) + 2 * GAP_S)
        box = QRectF(line.right() + 1 - side, line.top() + (line.height() - MARK) / 2, side, MARK)
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), GAP_S, GAP_S)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), mark)
        return side + GAP

    def _fonts(self, base: QFont) -> tuple[QFont, QFont]:
        name, small = QFont(base), QFont(base)
        name.setPixelSize(FONT)
        name.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(FONT_SMALL)
        return name, small
