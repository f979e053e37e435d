"""Files that a log names, as links: marked where they are in sight, opened by click, Return or the menu."""

from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QTextBlock, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from craft_desktop.model import places
from craft_desktop.model.places import Found, Place
from craft_desktop.ui.theme import Theme
from craft_desktop.ui.words import tr

REST_MS = 60
"""After scrolling or growth: sixteen times a second at most, and not before the lines are painted."""
MOST_BLOCKS = 200
"""Lines looked at: more than a tall screen shows."""
HEADING_ABOVE = 60
"""Lines above a finding in which ESLint's line with the file's name is looked for."""


class Links(QObject):
    """Looks after one view.

    :param is_there: says whether the project has the file; asked for lines in sight alone.
    """

    changed = Signal()
    """The marks are other ones."""
    opened = Signal(object)
    """A `Place`."""

    def __init__(self, view: QPlainTextEdit, theme: Theme, is_there: Callable[[Place], bool]) -> None:
        super().__init__(view)
        self._view, self._theme, self._is_there = view, theme, is_there
        self._pressed: QPoint | None = None
        self.marks: list[QTextEdit.ExtraSelection] = []
        self._timer = QTimer(self, singleShot=True, interval=REST_MS)
        self._timer.timeout.connect(self.mark)
        for moved in (view.updateRequest, view.cursorPositionChanged, theme.changed):
            moved.connect(self._begin)
        view.viewport().setMouseTracking(True)
        view.viewport().installEventFilter(self)
        view.installEventFilter(self)

    def mark(self) -> None:
        """Mark the links in sight, and the line that the keyboard is at."""
        marks: list[QTextEdit.ExtraSelection] = []
        if self._view.hasFocus() and not self._view.textCursor().hasSelection():
            marks.append(self._mark_line())
        for block in self._in_sight():
            for found in self.in_block(block):
                cursor = QTextCursor(block)
                cursor.setPosition(block.position() + found.start)
                cursor.setPosition(block.position() + found.end, QTextCursor.MoveMode.KeepAnchor)
                marks.append(_selection(cursor, self._ink()))
        # Only other marks are told: to paint them asks for an update, which would ask for marks again, and so for ever.
        kept = [(each.cursor.selectionStart(), each.cursor.selectionEnd(), each.format) for each in self.marks]
        if kept != [(each.cursor.selectionStart(), each.cursor.selectionEnd(), each.format) for each in marks]:
            self.marks = marks
            self.changed.emit()

    def in_block(self, block: QTextBlock) -> list[Found]:
        """Give the places that a line names and the project has; positions as Qt counts."""
        text = block.text()
        if ":" not in text and "/" not in text and "package.json" not in text:
            return []
        found = places.find(text, self._heading_above(block))
        wide = any(letter > "\uffff" for letter in text)
        return [_as_qt_counts(each, text) if wide else each for each in found if self._is_there(each.place)]

    def at_cursor(self) -> Place | None:
        """Give the place at the text cursor, or else the first one of its line."""
        cursor = self._view.textCursor()
        found = self.in_block(cursor.block())
        column = cursor.positionInBlock()
        under = next((each for each in found if each.start <= column <= each.end), None)
        chosen = under or (found[0] if found else None)
        return chosen.place if chosen else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Heed the pointer over the text, and Return."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._view:
            is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and is_plain:
                self._open(self.at_cursor())
                return True
        elif event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut) and watched is self._view:
            self._begin()
        elif isinstance(event, QContextMenuEvent):
            self._show_menu(event)
            return True
        elif isinstance(event, QMouseEvent) and watched is self._view.viewport():
            self._heed_mouse(event)
        return False

    def _heed_mouse(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        match event.type():
            case QEvent.Type.MouseButtonPress:
                self._pressed = at if event.button() == Qt.MouseButton.LeftButton else None
            case QEvent.Type.MouseButtonRelease if event.button() == Qt.MouseButton.LeftButton:
                # A drag selects text, and opens nothing.
                if self._pressed is not None and (at - self._pressed).manhattanLength() < 4:
                    self._open(self._place_under(at))
                self._pressed = None
            case QEvent.Type.MouseMove if not event.buttons():
                is_link = self._place_under(at) is not None
                shape = Qt.CursorShape.PointingHandCursor if is_link else Qt.CursorShape.IBeamCursor
                if self._view.viewport().cursor().shape() is not shape:
                    self._view.viewport().setCursor(shape)

    def _place_under(self, at: QPoint) -> Place | None:
        cursor = self._view.cursorForPosition(at)
        # The nearest letter is not always under the pointer: beyond a line's end there is none.
        if abs(self._view.cursorRect(cursor).center().x() - at.x()) > 2 * self._view.fontMetrics().averageCharWidth():
            return None
        column = cursor.positionInBlock()
        found = self.in_block(cursor.block())
        return next((each.place for each in found if each.start <= column <= each.end), None)

    def _show_menu(self, event: QContextMenuEvent) -> None:
        is_by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = self.at_cursor() if is_by_key else self._place_under(event.pos())
        menu = self._view.createStandardContextMenu()
        menu.setObjectName("logMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if place is not None:
            first = menu.actions()[0] if menu.actions() else None
            action = menu.addAction(tr("Open {0} in the editor").format(place.label))
            action.triggered.connect(lambda: self._open(place))
            if first is not None:
                menu.insertAction(first, action)
                menu.insertSeparator(first)
        menu.popup(self._view.mapToGlobal(self._view.cursorRect().center()) if is_by_key else event.globalPos())

    def _open(self, place: Place | None) -> None:
        if place is not None:
            self.opened.emit(place)

    def _heading_above(self, block: QTextBlock) -> str:
        if not block.text().startswith(" "):
            return ""
        above = block.previous()
        for _ in range(HEADING_ABOVE):
            if not above.isValid():
                break
            if places.is_heading(above.text()):
                return above.text()
            above = above.previous()
        return ""

    def _in_sight(self) -> Iterator[QTextBlock]:
        block = self._view.firstVisibleBlock()
        bottom = self._view.viewport().height()
        for _ in range(MOST_BLOCKS):
            if not block.isValid():
                return
            shape = self._view.blockBoundingGeometry(block).translated(self._view.contentOffset())
            if shape.top() > bottom:
                return
            yield block
            block = block.next()

    def _begin(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _ink(self) -> QTextCharFormat:
        form = QTextCharFormat()
        form.setForeground(QColor(self._theme.colours.link))
        form.setFontUnderline(True)
        return form

    def _mark_line(self) -> QTextEdit.ExtraSelection:
        form = QTextCharFormat()
        form.setBackground(QColor(self._theme.colours.hover))
        form.setProperty(QTextCharFormat.Property.FullWidthSelection, True)
        return _selection(self._view.textCursor(), form)


def _selection(cursor: QTextCursor, form: QTextCharFormat) -> QTextEdit.ExtraSelection:
    made = QTextEdit.ExtraSelection()
    made.cursor, made.format = cursor, form
    return made


def _as_qt_counts(found: Found, text: str) -> Found:
    start, end = (
        position + sum(letter > "\uffff" for letter in text[:position]) for position in (found.start, found.end)
    )
    return Found(start, end, found.place)
