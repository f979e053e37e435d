"""Search in a log: a field, the count, next and previous; every hit in sight is marked."""

import bisect
import re
from collections.abc import Iterator

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QTextEdit, QWidget

from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_view import LogView
from craft_desktop.ui.parts import label, make_clearable, tool_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr

RECOUNT_MS = 250
"""A growing log is searched again at most four times a second."""
MOST_MARKS = 400
"""Hits marked at once: more than a screen shows."""


def find_all(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    """Give start and end of each hit, whatever its case, in UTF-16 units, as Qt counts."""
    if not wanted:
        return
    is_simple = not text or max(text) < "\U00010000"
    units, at = 0, 0
    for found in re.finditer(re.escape(wanted), text, re.IGNORECASE):
        if is_simple:
            yield found.start(), found.end()
            continue
        units += _units(text[at : found.start()])
        start = units
        units += _units(found[0])
        at = found.end()
        yield start, units


def _units(text: str) -> int:
    return len(text) + sum(letter > "\uffff" for letter in text)


class FindBar(QWidget):
    """Searches the view it was last given."""

    closed = Signal()

    def __init__(self, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("findBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._view: LogView | None = None
        self._hits: list[tuple[int, int]] = []
        self._current = -1
        self.field = QLineEdit()
        self.field.setObjectName("findField")
        self.field.setPlaceholderText(tr("Find in this log"))
        self.field.setAccessibleName(tr("Find in this log"))
        make_clearable(self.field, icons)
        self.field.setAcceptDrops(False)
        self.field.textChanged.connect(self._search_anew)
        self.count = label("", "small")
        self.count.setObjectName("findCount")
        self.previous_button = tool_button("findPrevious", tr("Previous hit (Shift+F3)"), icons, "up")
        self.next_button = tool_button("findNext", tr("Next hit (F3)"), icons, "down")
        self.close_button = tool_button("findClose", tr("Close the search (Esc)"), icons, "close")
        self.previous_button.clicked.connect(lambda: self.step(-1))
        self.next_button.clicked.connect(lambda: self.step(1))
        self.close_button.clicked.connect(self.close_search)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_L, GAP_S, GAP, GAP_S)
        row.setSpacing(GAP_S)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        row.addWidget(self.previous_button)
        row.addWidget(self.next_button)
        row.addWidget(self.close_button)
        self._timer = QTimer(self, singleShot=True, interval=RECOUNT_MS)
        self._timer.timeout.connect(self._recount)
        theme.changed.connect(self._mark)
        self.hide()

    def search_in(self, view: LogView) -> None:
        """Search this view from now on."""
        if self._view is not None:
            self._view.grown.disconnect(self._grown)
            self._view.verticalScrollBar().valueChanged.disconnect(self._mark)
            self._view.show_hits([])
        self._view = view
        view.grown.connect(self._grown)
        view.verticalScrollBar().valueChanged.connect(self._mark)
        self._recount()

    def open_search(self) -> None:
        """Show the bar with what is selected in the log, ready to type."""
        if self._view is not None:
            chosen = self._view.textCursor().selectedText()
            if chosen and "\u2029" not in chosen:  # Qt's mark between lines: a search is within one
                self.field.setText(chosen)
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._recount()

    def close_search(self) -> None:
        """Hide the bar and the marks."""
        self.hide()
        if self._view is not None:
            self._view.show_hits([])
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def step(self, by: int) -> None:
        """Go to the next hit (1) or the one before (-1), round and round."""
        if self._view is None or not self._hits:
            return
        if self._current < 0:
            starts = [start for start, _ in self._hits]
            place = bisect.bisect_left(starts, self._view.textCursor().selectionStart())
            self._current = (place if by > 0 else place - 1) % len(self._hits)
        else:
            self._current = (self._current + by) % len(self._hits)
        start, end = self._hits[self._current]
        self._view.follow(False)
        cursor = self._view.textCursor()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self._view.setTextCursor(cursor)
        self._view.centerCursor()
        self._show_count()
        self._mark()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return: next; Shift+Return: previous; Escape: close."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_search()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)

    def _grown(self) -> None:
        if self.isVisible() and self.field.text() and not self._timer.isActive():
            self._timer.start()

    def _search_anew(self) -> None:
        self._current = -1
        self._recount()

    def _recount(self) -> None:
        if self._view is None or self.isHidden():
            return
        before = len(self._hits)
        self._hits = list(find_all(self._view.toPlainText(), self.field.text()))
        if len(self._hits) != before or self._current >= len(self._hits):
            self._current = -1
        self._show_count()
        self._mark()

    def _show_count(self) -> None:
        if not self.field.text():
            words = ""
        elif not self._hits:
            words = tr("No hits")
        elif self._current >= 0:
            words = tr("{0} of {1}").format(self._current + 1, len(self._hits))
        else:
            words = tr("1 hit") if len(self._hits) == 1 else tr("{0} hits").format(len(self._hits))
        self.count.setText(words)
        self.previous_button.setEnabled(bool(self._hits))
        self.next_button.setEnabled(bool(self._hits))

    def _mark(self) -> None:
        if self._view is None or self.isHidden():
            return
        first = self._view.cursorForPosition(self._view.viewport().rect().topLeft()).position()
        last = self._view.cursorForPosition(self._view.viewport().rect().bottomRight()).position()
        start = max(0, bisect.bisect_left(self._hits, (first, 0)) - 1)
        marks = []
        for number, (begin, end) in enumerate(self._hits[start : start + MOST_MARKS], start):
            if begin > last:
                break
            marks.append(self._make_mark(begin, end, is_current=number == self._current))
        self._view.show_hits(marks)

    def _make_mark(self, begin: int, end: int, *, is_current: bool) -> QTextEdit.ExtraSelection:
        colours = self._theme.colours
        assert self._view is not None
        form = QTextCharFormat()
        form.setBackground(QColor(colours.found_now if is_current else colours.found))
        form.setForeground(QColor(colours.text))
        mark = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self._view.document())
        cursor.setPosition(begin)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        mark.cursor, mark.format = cursor, form
        return mark
