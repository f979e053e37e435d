"""One log: lines in their colours, shown in portions, so that a flood never holds the window up.

Measured: 5,000 blocks and portions each 33 ms keep the loop's lag below 10 ms while 100,000 lines pour in. A
portion ends after a time, not a number of lines, because coloured lines cost five times as much as plain ones.
"""

import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor, QFont, QResizeEvent, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QPlainTextEdit

from craft_desktop.model.events import LogLine
from craft_desktop.ui import ansi
from craft_desktop.ui.ansi import Style
from craft_desktop.ui.theme import GAP, Theme
from craft_desktop.ui.words import tr

LINES = 5_000
"""Lines that stay in view; the workbench keeps more, and Save writes them all."""
FLUSH_MS = 33
"""Between two portions: thirty a second, smooth to the eye."""
PORTION_S = 0.008
"""Time for one portion: a quarter of the time between two."""
CHUNK = 50
"""Lines inserted between two looks at the clock."""
LONGEST = 4_000
"""Letters of a line that are shown; a minified file in one line would hold the layout up for seconds."""


class LogView(QPlainTextEdit):
    """Shows the last lines of one log; follows the end until a person scrolls away from it."""

    follow_changed = Signal(bool)
    grown = Signal()
    """The text changed: what was found in it may have moved."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._kept: deque[LogLine] = deque(maxlen=LINES)
        self._pending: deque[LogLine] = deque(maxlen=LINES)
        self._formats: dict[Style, QTextCharFormat] = {}
        self._has_times = False
        self._follows = True
        self._is_moving = False
        self._is_empty = True
        self.setProperty("role", "log")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setMaximumBlockCount(LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setTabChangesFocus(True)
        self.setPlaceholderText(tr("Nothing yet."))
        self.setAcceptDrops(False)
        self.setFont(theme.mono)
        self.document().setDocumentMargin(GAP / 2)
        self._timer = QTimer(self, singleShot=True, interval=FLUSH_MS)
        self._timer.timeout.connect(self.flush)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.changed.connect(self._render_again)

    @property
    def follows(self) -> bool:
        """Does the view stay at the end?"""
        return self._follows

    @property
    def is_busy(self) -> bool:
        """Are there lines that wait to be shown?"""
        return bool(self._pending)

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
        self._kept.clear()
        self._empty()
        self.grown.emit()

    def show_times(self, has_times: bool) -> None:
        """Show each line's time before it, or not."""
        if has_times != self._has_times:
            self._has_times = has_times
            self._render_again()

    def show_wrapped(self, is_wrapped: bool) -> None:
        """Break long lines, or let them run on."""
        mode = QPlainTextEdit.LineWrapMode
        self.setLineWrapMode(mode.WidgetWidth if is_wrapped else mode.NoWrap)

    def follow(self, follows: bool) -> None:
        """Stay at the end from now on, or stay here."""
        self._set_follows(follows)
        if follows:
            self._go_to_end()

    def flush(self) -> None:
        """Show a portion of what waits."""
        deadline = time.perf_counter() + PORTION_S
        while self._pending:
            portion = [self._pending.popleft() for _ in range(min(CHUNK, len(self._pending)))]
            self._kept.extend(portion)
            self._insert(portion)
            if time.perf_counter() >= deadline:
                break
        if self._follows:
            self._go_to_end()
        if self._pending:
            self._timer.start()
        self.grown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stay at the end."""
        self._is_moving = True
        super().resizeEvent(event)
        self._is_moving = False
        if self._follows:
            self._go_to_end()

    def _insert(self, lines: list[LogLine]) -> None:
        place = self.verticalScrollBar().value()
        before = self.blockCount()
        added = len(lines) - (1 if self._is_empty else 0)
        self._is_moving = True
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        text, form = "", self._format(ansi.PLAIN)
        for line in lines:
            if not self._is_empty:
                text += "\n"
            self._is_empty = False
            if self._has_times:
                cursor.insertText(text, form)
                stamp = datetime.fromtimestamp(line.at).strftime("%H:%M:%S  ")
                cursor.insertText(stamp, self._format(Style(colour=8)))
                text = ""
            for run in ansi.parse(line.text[:LONGEST]):
                run_form = self._format(run.style)
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

    def _format(self, style: Style) -> QTextCharFormat:
        form = self._formats.get(style)
        if form is not None:
            return form
        form = QTextCharFormat()
        ground = self._theme.colours.log
        fore, back = style.colour, style.background
        if style.inverse:
            fore, back = (back if back is not None else 0), (fore if fore is not None else 7)
        if back is not None:
            ground = self._theme.terminal(back, self._theme.colours.log)
            form.setBackground(QColor(ground))
        if fore is not None or back is not None:
            form.setForeground(QColor(self._theme.terminal(7 if fore is None else fore, ground)))
        elif style.dim:
            form.setForeground(QColor(self._theme.colours.muted))
        else:
            form.setForeground(QColor(self._theme.colours.text))
        if style.bold:
            form.setFontWeight(QFont.Weight.Bold)
        form.setFontItalic(style.italic)
        form.setFontUnderline(style.underline)
        if len(self._formats) > 1_000:  # a rainbow; begin again rather than keep every shade
            self._formats.clear()
        self._formats[style] = form
        return form

    def _render_again(self) -> None:
        self._formats.clear()
        waiting = (*self._kept, *self._pending)
        self._kept.clear()
        self._pending.clear()
        self._empty()
        self.add(waiting)

    def _empty(self) -> None:
        self._is_moving = True
        self.clear()
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
