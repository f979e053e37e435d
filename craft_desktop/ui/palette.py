"""The command palette (Ctrl+K): every command, and every project, by a few letters of its name.

It lies over the window like the veil does, takes the keys while it is open, and gives the focus back when it closes.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QLineEdit, QListView, QVBoxLayout, QWidget

from craft_desktop.ui.palette_entry import ENTRY_ROLE, ROW, Entry, EntryModel, EntryPainter
from craft_desktop.ui.parts import label
from craft_desktop.ui.theme import CONTROL, GAP, GAP_L, Theme
from craft_desktop.ui.words import tr

WIDTH = 560
ROWS = 10
"""So many rows are in sight; the rest is scrolled to."""
TOP = 64
"""From the window's top edge: below the menu, over the header."""


class Palette(QFrame):
    """A field and a list. Emits the command and the project that were chosen, after it has closed."""

    chosen = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setAccessibleName(tr("Command palette"))
        self._before: QWidget | None = None
        self._model = EntryModel(self)
        self.field = QLineEdit()
        self.field.setObjectName("paletteField")
        self.field.setPlaceholderText(tr("Type a command or a project’s name"))
        self.field.setAccessibleName(tr("Command or project"))
        self.field.setAcceptDrops(False)
        self.field.textChanged.connect(self._show_typed)
        self.field.installEventFilter(self)
        self.view = QListView()
        self.view.setObjectName("paletteList")
        self.view.setAccessibleName(tr("Commands"))
        self.view.setModel(self._model)
        self.view.setItemDelegate(EntryPainter(theme, self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field keeps the keys; up and down move here
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.clicked.connect(self._choose)
        self.none = label(tr("Nothing has these letters in its name."), "muted")
        self.none.setObjectName("paletteNone")
        self.none.setContentsMargins(GAP, GAP, GAP, GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(self.field)
        column.addWidget(self.view)
        column.addWidget(self.none)
        theme.changed.connect(self.view.viewport().update)
        self.hide()

    def open_with(self, entries: Sequence[Entry]) -> None:
        """Open, with all that can be done now; pressed again, close."""
        if self.isVisible():
            self.close_palette()
            return
        self._before = QApplication.focusWidget()
        self._model.set_entries(entries)
        self.field.clear()
        self._show_typed("")
        self.place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_palette(self) -> None:
        """Close, and give the focus back to where it was."""
        if not self.isVisible():
            return
        before, self._before = self._before, None
        had_focus = self.field.hasFocus()
        self.hide()
        if had_focus and before is not None:
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def place(self) -> None:
        """Stand at the top of the window's middle, as wide as there is room."""
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(WIDTH, parent.width() - 2 * GAP_L)
        room = (parent.height() - TOP - CONTROL - 4 * GAP) // ROW
        self.view.setFixedHeight(ROW * max(1, min(ROWS, room, self._model.rowCount())))
        self.setGeometry((parent.width() - width) // 2, TOP, width, self.sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list by keys while the field has them; close when the focus goes elsewhere."""
        if watched is self.field:
            if event.type() is QEvent.Type.FocusOut:
                self.close_palette()
            elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
                return self._press(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _press(self, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_Escape:
                self.close_palette()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._choose(self.view.currentIndex())
            case Qt.Key.Key_Down:
                self._move(1)
            case Qt.Key.Key_Up:
                self._move(-1)
            case Qt.Key.Key_PageDown:
                self._move(ROWS, is_round=False)
            case Qt.Key.Key_PageUp:
                self._move(-ROWS, is_round=False)
            case Qt.Key.Key_Tab | Qt.Key.Key_Backtab:
                pass  # there is nowhere else to go
            case _:
                return False
        return True

    def _move(self, by: int, *, is_round: bool = True) -> None:
        count = self._model.rowCount()
        if count:
            row = self.view.currentIndex().row() + by
            row = row % count if is_round else max(0, min(count - 1, row))
            self.view.setCurrentIndex(self._model.index(row))

    def _show_typed(self, typed: str) -> None:
        self._model.set_typed(typed)
        is_any = self._model.rowCount() > 0
        self.view.setVisible(is_any)
        self.none.setVisible(not is_any)
        if is_any:
            self.view.setCurrentIndex(self._model.index(0))
            self.view.scrollToTop()
        self.place()

    def _choose(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY_ROLE) if index.isValid() else None
        if isinstance(entry, Entry):
            self.close_palette()
            self.chosen.emit(entry.command, entry.project_id)
