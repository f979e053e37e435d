"""A whole `.env` text taken over: pasted unseen, and shown as what would be set, before anything is."""

from collections.abc import Mapping

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from craft_desktop.model.dotenv import parse_dotenv
from craft_desktop.model.environment import MOST_BYTES
from craft_desktop.model.environment_draft import Draft, Standing, importable_values
from craft_desktop.ui import variable_words
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label, push_button, set_property
from craft_desktop.ui.theme import CONTROL, GAP, Theme
from craft_desktop.ui.variable_table import EYE, VariableTable
from craft_desktop.ui.words import tr

MOST_CHARACTERS = 4 * MOST_BYTES
"""As much as an import takes anywhere: room for comments around what may be kept."""


class PasteField(QPlainTextEdit):
    """Takes what is pasted or dropped, and never shows it."""

    pasted = Signal(str)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Hand the text on."""
        self.pasted.emit(source.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the keys that paste; all others are the dialog's."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        else:
            event.ignore()


class DotenvPaste(QWidget):
    """Shows what a text would set, and hands it over when a person agrees."""

    taken = Signal(object)
    """The values by name."""
    left = Signal()

    def __init__(self, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("dotenvPaste")
        self._draft = Draft()
        self._fine: Mapping[str, str] = {}
        self.field = PasteField()
        self.field.setObjectName("dotenvField")
        self.field.setProperty("role", "value")
        self.field.setAccessibleName(tr("Paste the text of a .env file here"))
        self.field.setPlaceholderText(tr("Paste the text of a .env file here. It is not shown."))
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight(CONTROL + 2 * GAP)
        self.field.pasted.connect(self.read)
        self.words = label("", "small", wraps=True)
        self.words.setObjectName("dotenvWords")
        self.preview = VariableTable("dotenvPreview", tr("What will be set"), theme, icons)
        self.preview.setColumnHidden(EYE, True)
        self.preview.give_room_to_notes()
        self.preview.row_changed.connect(self._explain)
        self.reason = label("", "small", wraps=True)
        self.reason.setObjectName("dotenvReason")
        self.preview.paste_requested.connect(self.field.paste)
        self.back_button = push_button("dotenvBack", tr("Back"))
        self.back_button.clicked.connect(self.left)
        self.take_button = push_button("dotenvTake", tr("Add to the list"), "primary")
        self.take_button.clicked.connect(self._take)
        self.preview.edit_requested.connect(self._take)
        bottom = QHBoxLayout()
        bottom.setSpacing(GAP)
        bottom.addStretch(1)
        bottom.addWidget(self.back_button)
        bottom.addWidget(self.take_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(label(tr("Paste a .env file"), "headline"))
        column.addWidget(self.field)
        column.addWidget(self.words)
        column.addWidget(self.preview, 1)
        column.addWidget(self.reason)
        column.addLayout(bottom)

    @property
    def is_touched(self) -> bool:
        """Would leaving now lose something?"""
        return bool(self._fine)

    def begin(self, draft: Draft) -> None:
        """Wait for a text."""
        self._draft, self._fine = draft, {}
        self._say(tr("You see what it sets before anything is set."), is_bad=False)
        self.preview.show_rows([])
        self.take_button.setEnabled(False)
        self.field.setFocus()

    def read(self, text: str) -> None:
        """Show what a text would set. Nothing of it is shown but the names."""
        if len(text) > MOST_CHARACTERS:
            self._fine = {}
            self.preview.show_rows([])
            self.take_button.setEnabled(False)
            words = tr("That text is too large: {0} characters; a .env text of up to {1} is taken.")
            self._say(words.format(f"{len(text):,}", f"{MOST_CHARACTERS:,}"), is_bad=True)
            return
        self._fine, left_out = importable_values(parse_dotenv(text))
        self.preview.show_rows(variable_words.imported(self._fine, left_out, self._draft, tr))
        self._say(variable_words.import_heading(len(self._fine), len(left_out), tr), is_bad=not self._fine)
        self.take_button.setEnabled(bool(self._fine))
        if self._fine:
            self.take_button.setFocus()

    def forget(self) -> None:
        """Hold nothing any more."""
        self.begin(Draft())

    def _take(self) -> None:
        if self._fine:
            self.taken.emit(dict(self._fine))

    def _explain(self) -> None:
        row = self.preview.row
        is_left_out = row is not None and row.standing is Standing.REMOVED
        self.reason.setText(f"{row.name}: {row.note}" if row is not None and is_left_out else "")

    def _say(self, words: str, *, is_bad: bool) -> None:
        self.words.setText(words)
        set_property(self.words, "role", "error" if is_bad else "small")
