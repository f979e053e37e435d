"""A table of environment variables. It holds a value only while it is revealed; all others are the same mask."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, SignalInstance
from PySide6.QtGui import QColor, QFont, QIcon, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from craft_desktop.model.environment_draft import Standing
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.present import Tone
from craft_desktop.ui.theme import BAR, CONTROL, Theme
from craft_desktop.ui.variable_words import MASK, Row, one_line
from craft_desktop.ui.words import tr

Index = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()

NAME, VALUE, EYE, NOTE = range(4)
NAME_WIDTH, NOTE_WIDTH = 200, 248
"""The value takes what is left."""


class VariableModel(QAbstractTableModel):
    """The lines, and the values that are revealed right now, by name."""

    def __init__(self, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self._theme, self._icons = theme, icons
        self._rows: list[Row] = []
        self._revealed: dict[str, str] = {}
        self._waiting = ""
        self._eyes: tuple[QIcon, QIcon] = (icons.icon("eye"), icons.icon("eye-off"))
        theme.changed.connect(self._retint)

    @property
    def rows(self) -> list[Row]:
        """The lines."""
        return self._rows

    @property
    def revealed(self) -> frozenset[str]:
        """The names whose value can be read now."""
        return frozenset(self._revealed)

    def show_rows(self, rows: list[Row]) -> None:
        """Show these lines; nothing is revealed."""
        self.beginResetModel()
        self._rows = rows
        self._revealed.clear()
        self._waiting = ""
        self.endResetModel()

    def reveal(self, name: str, value: str) -> None:
        """Show one value."""
        self._waiting = ""
        self._revealed[name] = one_line(value)
        self._tell()

    def hide(self) -> None:
        """Mask every value."""
        if self._revealed or self._waiting:
            self._revealed.clear()
            self._waiting = ""
            self._tell()

    def mask(self, name: str) -> None:
        """Mask one value."""
        self._revealed.pop(name, None)
        self._tell()

    def wait(self, name: str) -> None:
        """Say of one value that it is being asked for; empty: of none."""
        self._waiting = name
        self._tell()

    def rowCount(self, parent: Index = _TOP) -> int:
        """Count the lines."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _TOP) -> int:
        """Name, value, eye, note."""
        return 0 if parent.isValid() else 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give the columns' titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("Name"), tr("Value"), "", "")[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give what a cell shows. No role of a masked value tells anything of it."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.DecorationRole and column == EYE and row.is_masked:
            return self._eyes[row.name in self._revealed] if row.standing is not Standing.REMOVED else None
        if role == Qt.ItemDataRole.AccessibleTextRole and column == EYE and row.is_masked:
            return (tr("Hide the value") if row.name in self._revealed else tr("Show the value")).strip()
        if role == Qt.ItemDataRole.AccessibleTextRole and column == VALUE and not self._text(row, column):
            return tr("left out")
        if role == Qt.ItemDataRole.ToolTipRole and column in (NAME, NOTE):
            return self._text(row, column)
        if role == Qt.ItemDataRole.FontRole and column == NAME and row.standing is Standing.REMOVED:
            font = QFont(self._theme.mono)
            font.setStrikeOut(True)
            return font
        if role == Qt.ItemDataRole.FontRole and (column == NAME or (column == VALUE and row.is_masked)):
            return self._theme.mono
        if role == Qt.ItemDataRole.ForegroundRole:
            is_quiet = column == NOTE or row.standing is None or row.standing is Standing.REMOVED
            is_quiet = is_quiet or (column == VALUE and row.name not in self._revealed)
            return QColor(self._theme.colours.muted) if is_quiet else None
        return None

    def _text(self, row: Row, column: int) -> str:
        if column == VALUE:
            if not row.is_masked:
                return tr("In the file") if row.standing is None else ""
            if row.name == self._waiting:
                return tr("Asking the keyring…")
            shown = self._revealed.get(row.name, MASK)
            return shown or tr("(empty)")
        shown = row.name if row.name.isprintable() else repr(row.name)[1:-1]
        return {NAME: shown, NOTE: row.note}.get(column, "")

    def _tell(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, VALUE), self.index(len(self._rows) - 1, EYE))

    def _retint(self) -> None:
        self._eyes = (self._icons.icon("eye"), self._icons.icon("eye-off"))
        if self._rows:
            self.dataChanged.emit(self.index(0, NAME), self.index(len(self._rows) - 1, NOTE))


class VariableTable(QTableView):
    """Rows chosen whole; Enter, Space, Delete, copy and paste are told as intentions."""

    edit_requested = Signal(str)
    eye_requested = Signal(str)
    remove_requested = Signal(str)
    copy_requested = Signal(str)
    paste_requested = Signal()
    row_changed = Signal()

    def __init__(self, name: str, words: str, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(words)
        self._theme = theme
        self.hint = ""
        self.variables = VariableModel(theme, icons)
        self.setModel(self.variables)
        self.setProperty("role", "variables")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(CONTROL + 2)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(EYE, QHeaderView.ResizeMode.Fixed)
        head.setMinimumSectionSize(BAR)
        for column, width in ((NAME, NAME_WIDTH), (EYE, BAR), (NOTE, NOTE_WIDTH)):
            self.setColumnWidth(column, width)
        self.doubleClicked.connect(lambda index: self.tell(self.edit_requested) if index.column() != EYE else None)
        self.clicked.connect(lambda index: self.tell(self.eye_requested) if index.column() == EYE else None)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.row_changed.emit())

    def give_room_to_notes(self) -> None:
        """Let the notes have what is left, instead of the values."""
        head = self.horizontalHeader()
        head.setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(NOTE, QHeaderView.ResizeMode.Stretch)

    @property
    def row(self) -> Row | None:
        """The chosen line."""
        index = self.currentIndex()
        return self.variables.rows[index.row()] if index.isValid() else None

    def show_rows(self, rows: list[Row]) -> None:
        """Show these lines; the chosen one stays chosen where it still is, else its neighbour."""
        place, before = max(0, self.currentIndex().row()), self.row
        self.variables.show_rows(rows)
        names = [row.name for row in rows]
        if before is not None and before.name in names:
            place = names.index(before.name)
        if names:
            self.choose(names[min(place, len(names) - 1)])
        self.row_changed.emit()

    def choose(self, name: str) -> None:
        """Choose a line by its name."""
        for place, row in enumerate(self.variables.rows):
            if row.name == name:
                self.setCurrentIndex(self.variables.index(place, NAME))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines; where there are none, what to do about it."""
        super().paintEvent(event)
        if not self.variables.rows and self.hint:
            painter = QPainter(self.viewport())
            painter.setPen(self._theme.tone(Tone.QUIET))
            painter.drawText(self.viewport().rect(), int(Qt.AlignmentFlag.AlignCenter), self.hint)
            painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn keys into intentions; the arrows move as ever."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.tell(self.copy_requested)
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.tell(self.edit_requested)
        elif event.key() == Qt.Key.Key_Space:
            self.tell(self.eye_requested)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.tell(self.remove_requested)
        else:
            super().keyPressEvent(event)

    def tell(self, wish: SignalInstance) -> None:
        """Tell a wish for the chosen line."""
        row = self.row
        if row is not None:
            wish.emit(row.name)
