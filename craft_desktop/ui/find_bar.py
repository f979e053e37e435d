"""Search in a log: a field, the count, next and previous; every hit in sight is marked."""

import bisect
import re
import time
from collections.abc import Iterator

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QTextBlock, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QTextEdit, QWidget

from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_view import LogView
from craft_desktop.ui.parts import label, make_clearable, tool_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr

RECOUNT_MS = 250
"""A growing log is searched again at most four times a second."""
SLICE_S = 0.004
"""Time for one slice of a search, of this thread alone: 5,000 long lines took 0.7 s at once (measured)."""
MOST_HITS = 20_000
"""More are told as “20,000+”: nobody goes through them, and each costs memory."""
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

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        row.addSpacing(GAP_S)
        row.addWidget(self.count)
        row.addSpacing(GAP_S)
        row.addWidget(self.previous_button)
        row.addWidget(self.next_button)
        row.addWidget(self.close_button)
        self._found: list[tuple[int, int]] = []
        self._next: QTextBlock | None = None  # where the search that is under way goes on
        self._has_grown = False
        self._timer = QTimer(self, singleShot=True, interval=RECOUNT_MS)
        self._timer.timeout.connect(self._recount)
        self._slices = QTimer(self, singleShot=True, interval=0)
        self._slices.timeout.connect(self._search_on)
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
        last = self._view.document().characterCount() - 1
        cursor.setPosition(min(start, last))
        cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
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
        if not self.isVisible() or not self.field.text():
            return
        if self._next is not None:
            self._has_grown = True  # searched again when this search has come to its end
        elif not self._timer.isActive():
            self._timer.start()

    def _search_anew(self) -> None:
        self._slices.stop()
        self._next, self._current = None, -1
        self._recount()

    def _recount(self) -> None:
        self._slices.stop()
        self._next = None
        if self._view is None or self.isHidden():
            return
        self._found, self._has_grown = [], False
        self._next = self._view.document().firstBlock()
        self._search_on()

    def _search_on(self) -> None:
        """Search for a slice of time; what is left comes in the next slices, and the window lives in between."""
        block, wanted, deadline = self._next, self.field.text(), time.thread_time() + SLICE_S
        while block is not None and block.isValid() and len(self._found) < MOST_HITS:
            at = block.position()
            self._found.extend((at + start, at + end) for start, end in find_all(block.text(), wanted))
            block = block.next()
            if time.thread_time() >= deadline and block.isValid():
                self._next = block
                self._slices.start()
                return
        self._next = None
        before, self._hits = len(self._hits), self._found[:MOST_HITS]
        if len(self._hits) != before or self._current >= len(self._hits):
            self._current = -1
        self._show_count()
        self._mark()
        if self._has_grown:
            self._timer.start()

    def _show_count(self) -> None:
        if not self.field.text():
            words = ""
        elif not self._hits:
            words = tr("No hits")
        elif self._current >= 0:
            words = tr("{0} of {1}").format(self._current + 1, len(self._hits))
        else:
            count = f"{MOST_HITS:,}+" if len(self._hits) == MOST_HITS else str(len(self._hits))
            words = tr("1 hit") if len(self._hits) == 1 else tr("{0} hits").format(count)
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
        last = self._view.document().characterCount() - 1  # the log may have been cleared since the search
        cursor.setPosition(min(begin, last))
        cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
        mark.cursor, mark.format = cursor, form
        return mark
