"""One line of the command palette: the value, the model that finds it, and how it is painted."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeySequence, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from craft_desktop.ui import fuzzy
from craft_desktop.ui.theme import CONTROL, FONT, FONT_SMALL, GAP, GAP_L, RADIUS, Theme

ROW = CONTROL
"""A line is as high as a button."""

ENTRY_ROLE = int(Qt.ItemDataRole.UserRole) + 1
PLACES_ROLE = ENTRY_ROLE + 1

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be done: a command, the project it is for, its words; `keys` as a person reads them."""

    command: str
    words: str
    project_id: str = ""
    detail: str = ""
    keys: str = ""


class EntryModel(QAbstractListModel):
    """The entries that fit what is typed, best first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._shown: list[tuple[fuzzy.Match, Entry]] = []

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Count the rows."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give a row's words, its words for a screen reader, or what is painted."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        found, entry = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.words, entry.detail, entry.keys) if part)
        if role == ENTRY_ROLE:
            return entry
        return found.places if role == PLACES_ROLE else None

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Take what can be done now."""
        self._entries = tuple(entries)

    def set_typed(self, typed: str) -> None:
        """Show what fits."""
        self.beginResetModel()
        self._shown = fuzzy.rank(typed, [(entry.words, entry) for entry in self._entries])
        self.endResetModel()


class EntryPainter(QStyledItemDelegate):
    """Paints words with the found letters in bold, a detail behind them, keys at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give each row the height of a control."""
        return QSize(0, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, Entry):
            return
        colours = self._theme.colours
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected if is_chosen else colours.hover))
            painter.drawRoundedRect(box, RADIUS, RADIUS)
        small = QFont(option.font)
        small.setPixelSize(FONT_SMALL)
        right = box.right() - GAP
        for text in (entry.keys, entry.detail):
            if text:
                metrics = QFontMetrics(small)
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, box.width() // 2)
                width = metrics.horizontalAdvance(shown)
                painter.setFont(small)
                painter.setPen(QColor(colours.muted))
                painter.drawText(QRect(right - width, box.top(), width, box.height()), int(_MIDDLE), shown)
                right -= width + GAP_L
        self._paint_words(painter, QRect(box.left() + GAP, box.top(), right - box.left() - GAP, box.height()), index)
        painter.restore()

    def _paint_words(self, painter: QPainter, box: QRect, index: Index) -> None:
        plain, bold = QFont(painter.font()), QFont(painter.font())
        plain.setPixelSize(FONT)
        bold.setPixelSize(FONT)
        bold.setWeight(QFont.Weight.Bold)
        colours = self._theme.colours
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        shown = QFontMetrics(bold).elidedText(words, Qt.TextElideMode.ElideRight, box.width())
        found = set(index.data(PLACES_ROLE) or ())
        left = box.left()
        for begin, end in _runs(len(shown), found):
            is_found = begin in found
            font = bold if is_found else plain
            painter.setFont(font)
            painter.setPen(QColor(colours.link if is_found else colours.text))
            width = QFontMetrics(font).horizontalAdvance(shown[begin:end])
            painter.drawText(QRect(left, box.top(), width + 1, box.height()), int(_MIDDLE), shown[begin:end])
            left += width


_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def _runs(length: int, found: set[int]) -> list[tuple[int, int]]:
    """Cut 0..length into stretches that are all found or all not."""
    cuts = [place for place in range(1, length) if (place in found) != (place - 1 in found)]
    edges = [0, *cuts, length]
    return [(begin, end) for begin, end in itertools.pairwise(edges) if end > begin]


def native(keys: Sequence[str]) -> str:
    """Give the first of a command's keys as this system writes it; empty if there is none."""
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
