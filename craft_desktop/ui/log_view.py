"""One log: lines in their colours, shown in portions, so that a flood never holds the window up.

Measured: 5,000 blocks and portions each 33 ms keep the loop's lag below 10 ms while 100,000 lines pour in. A
portion ends after a time, not a number of lines, because coloured lines cost five times as much as plain ones.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QTextCursor, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from craft_desktop.model.events import LogLine
from craft_desktop.model.levels import Level, level_below
from craft_desktop.model.places import Place
from craft_desktop.ui import ansi
from craft_desktop.ui.ansi import Style
from craft_desktop.ui.inks import QUIET, Inks
from craft_desktop.ui.links import Links
from craft_desktop.ui.theme import GAP, Theme
from craft_desktop.ui.words import tr

LINES = 5_000
"""Lines in view; more are kept for the filter, and Save writes all that the workbench keeps."""
KEPT = 20_000
"""Lines that the filter chooses from: as many as the workbench keeps."""
FLUSH_MS = 33
"""Between two portions: thirty a second, smooth to the eye."""
PORTION_S = 0.006
"""Time for one portion: with the painting after it, half a frame of 16 ms."""
CHUNK = 50
"""Lines inserted between two looks at the clock."""
CHUNK_LETTERS = 20_000
"""Letters likewise: fifty of the longest lines took 30 ms (measured)."""
LONGEST = 2_000
"""Letters of a line that are shown, some ten screens of them; a minified file in one line would hold the layout up.
A screen of lines of 4,000 took 23 ms to insert and paint (measured)."""


_TONES: dict[Level | None, Style] = {Level.WARNING: Style(colour=3), Level.ERROR: Style(colour=1)}
"""Colours of lines that come with a level and paint themselves not: what a page says."""


class LogView(QPlainTextEdit):
    """Shows the last lines of one log; follows the end until a person scrolls away from it.

    :param is_there: says whether the project has the file that a line names; it is then a link.
    """

    follow_changed = Signal(bool)
    grown = Signal()
    """The text changed: what was found in it may have moved."""
    place_requested = Signal(object)
    """A `Place` that a person wants to see."""

    def __init__(
        self, theme: Theme, is_there: Callable[[Place], bool] = lambda place: False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kept: deque[LogLine] = deque(maxlen=KEPT)
        self._pending: deque[LogLine] = deque(maxlen=KEPT)
        self._again: deque[LogLine] = deque()  # lines kept already that are to be shown anew
        self._least = Level.INFO
        self._level = Level.INFO  # of the last line that was looked at: what stands below it may belong to it
        self._has_times = False
        self._follows = True
        self._is_moving = False
        self._is_empty = True
        self._inks = Inks(theme)
        self.setProperty("role", "log")
        self.setReadOnly(True)
        # Read-only leaves the keyboard out: without it no line could be chosen but by the mouse.
        flag = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flag.TextSelectableByMouse | flag.TextSelectableByKeyboard)
        self.setUndoRedoEnabled(False)
        self.setMaximumBlockCount(LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setTabChangesFocus(True)
        self.setPlaceholderText(tr("Nothing yet."))
        self.setAcceptDrops(False)
        self.setFont(theme.mono)
        self.document().setDocumentMargin(GAP / 2)
        self._hits: list[QTextEdit.ExtraSelection] = []
        self.links = Links(self, theme, is_there)
        self.links.changed.connect(self._show_marks)
        self.links.opened.connect(self.place_requested)
        self._timer = QTimer(self, singleShot=True, interval=FLUSH_MS)
        self._timer.timeout.connect(self.flush)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.changed.connect(self._repaint_all)

    @property
    def follows(self) -> bool:
        """Does the view stay at the end?"""
        return self._follows

    @property
    def is_busy(self) -> bool:
        """Are there lines that wait to be shown?"""
        return bool(self._pending or self._again)

    def add(self, lines: Iterable[LogLine]) -> None:
        """Take lines; they are shown with the next portion."""
        self._pending.extend(lines)
        if self._pending and not self._timer.isActive():
            self._timer.start()

    def add_line(self, line: LogLine) -> None:
        """Take one line."""
        self._pending.append(line)
        if not self._timer.isActive():
            self._timer.start()

    def clear_view(self) -> None:
        """Show nothing; what the workbench keeps is untouched."""
        self._pending.clear()
        self._again.clear()
        self._kept.clear()
        self._empty()
        self.grown.emit()

    def show_times(self, has_times: bool) -> None:
        """Show each line's time before it, or not."""
        if has_times != self._has_times:
            self._has_times = has_times
            self._render_again()

    def show_levels(self, least: Level) -> None:
        """Show only lines as grave as `least`, and what divides one start from the next."""
        if least is not self._least:
            self._least = least
            self.setPlaceholderText(tr("Nothing yet.") if least is Level.INFO else tr("Nothing of this kind yet."))
            self._render_again()

    def show_wrapped(self, is_wrapped: bool) -> None:
        """Break long lines, or let them run on."""
        mode = QPlainTextEdit.LineWrapMode
        self.setLineWrapMode(mode.WidgetWidth if is_wrapped else mode.NoWrap)

    def show_hits(self, hits: list[QTextEdit.ExtraSelection]) -> None:
        """Mark what a search found, above the marks of places."""
        self._hits = hits
        self._show_marks()

    def follow(self, follows: bool) -> None:
        """Stay at the end from now on, or stay here."""
        self._set_follows(follows)
        if follows:
            self._go_to_end()

    def flush(self) -> None:
        """Show a portion of what waits."""
        deadline = time.perf_counter() + PORTION_S
        while self.is_busy:
            lines = self._take_again() if self._again else self._take_new()
            portion = lines if self._least is Level.INFO else [line for line in lines if self._passes(line)]
            if portion:
                self._insert(portion)
            if time.perf_counter() >= deadline:
                break
        if self._follows:
            self._go_to_end()
        if self.is_busy:
            self._timer.start()
        self.grown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stay at the end."""
        self._is_moving = True
        super().resizeEvent(event)
        self._is_moving = False
        if self._follows:
            self._go_to_end()

    def _take_again(self) -> list[LogLine]:
        return _take(self._again)

    def _take_new(self) -> list[LogLine]:
        """Keep a chunk of what waits, and give what of it is to be seen.

        Of a flood, what would be pushed out of view before it was painted is kept and not laid out.
        """
        is_late = len(self._pending) > LINES + CHUNK and self._least is Level.INFO
        lines = _take(self._pending)
        self._kept.extend(lines)
        return [] if is_late else lines

    def _passes(self, line: LogLine) -> bool:
        self._level = line.level if line.level is not None else level_below(self._level, line.text)
        return self._level >= self._least or line.is_divider

    def _insert(self, lines: list[LogLine]) -> None:
        place = self.verticalScrollBar().value()
        before = self.blockCount()
        added = len(lines) - (1 if self._is_empty else 0)
        self._is_moving = True
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        inks = self._inks
        plain = inks.of(ansi.PLAIN)
        text, form, is_tinted = "", plain, cursor.blockFormat().hasProperty(inks.divider.Property.BackgroundBrush)
        for line in lines:
            if line.is_divider or is_tinted:
                cursor.insertText(text, form)
                text, form = "", plain
                if not self._is_empty:
                    cursor.insertBlock(inks.divider if line.is_divider else inks.line)
                elif line.is_divider:
                    cursor.setBlockFormat(inks.divider)
                is_tinted = line.is_divider
            elif not self._is_empty:
                text += "\n"
            self._is_empty = False
            if line.is_divider:
                stamp = datetime.fromtimestamp(line.at).strftime("%H:%M:%S")
                cursor.insertText(f"{stamp}  {line.text}", inks.of_divider())
                continue
            if self._has_times:
                cursor.insertText(text, form)
                cursor.insertText(datetime.fromtimestamp(line.at).strftime("%H:%M:%S  "), inks.of(QUIET))
                text = ""
            own = _TONES.get(line.level)
            for run in ansi.parse(line.text[:LONGEST]):
                run_form = inks.of(own if own is not None and run.style is ansi.PLAIN else run.style)
                if run_form is not form:
                    cursor.insertText(text, form)
                    text, form = "", run_form
                text += run.text
        cursor.insertText(text, form)
        cursor.endEditBlock()
        if not self._follows:
            # Lines that fell off at the top pull the rest up; the person goes on reading the same ones.
            self.verticalScrollBar().setValue(max(0, place - max(0, before + added - LINES)))
        self._is_moving = False

    def _repaint_all(self) -> None:
        self._inks.renew()
        self._render_again()

    def _render_again(self) -> None:
        """Show anew, in portions, what is kept and passes the filter."""
        everything = self._least is not Level.INFO  # what passes may be anywhere
        first = 0 if everything else max(0, len(self._kept) - LINES)
        self._again = deque(islice(self._kept, first, None))
        self._level = Level.INFO
        self._empty()
        if self.is_busy and not self._timer.isActive():
            self._timer.start()
        self.grown.emit()

    def _show_marks(self) -> None:
        self.setExtraSelections([*self.links.marks, *self._hits])

    def _empty(self) -> None:
        self._is_moving = True
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.setBlockFormat(self._inks.line)
        self._is_empty = True
        self._is_moving = False

    def _go_to_end(self) -> None:
        self._is_moving = True
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
        self._is_moving = False

    def _scrolled(self, value: int) -> None:
        if not self._is_moving:
            self._set_follows(value >= self.verticalScrollBar().maximum())

    def _set_follows(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self.follow_changed.emit(follows)


def _take(waiting: deque[LogLine]) -> list[LogLine]:
    """Take a chunk of lines, none but the first beyond so many letters."""
    taken: list[LogLine] = []
    letters = 0
    while waiting and len(taken) < CHUNK and letters < CHUNK_LETTERS:
        line = waiting.popleft()
        letters += len(line.text)
        taken.append(line)
    return taken
