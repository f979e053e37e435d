"""The field of a secret value: of several lines if need be, masked by a fixed number of bullets.

While it is masked the value is in no widget: not in the document, not in its undo steps, not in what a screen reader
is given. Pasted text keeps its lines; a text too large to be kept is refused before it is laid out.
"""

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QStackedLayout, QVBoxLayout, QWidget

from craft_desktop.model.environment import MOST_BYTES
from craft_desktop.ui.parts import push_button
from craft_desktop.ui.theme import GAP, STEP
from craft_desktop.ui.variable_words import MASK
from craft_desktop.ui.words import tr

HEIGHT = 24 * STEP
"""Four lines: of a private key enough to know it by."""


class SecretEdit(QPlainTextEdit):
    """Takes a value. Enter is told, Shift+Enter begins a new line."""

    entered = Signal()
    refused = Signal(int)
    """A pasted text was too large; its characters."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tell Enter; let Escape through to the dialog."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.textCursor().insertText("\n")
            else:
                self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Take text alone, and no more than can be kept."""
        text = source.text()
        if len(text) > MOST_BYTES:
            self.refused.emit(len(text))
        else:
            self.textCursor().insertText(text)
            self.ensureCursorVisible()


class ValueField(QWidget):
    """Holds one value. `value` is None while it is as it was kept, and nobody has read it."""

    show_requested = Signal()
    """The value is wanted, and not here."""
    edited = Signal()
    entered = Signal()
    refused = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._value: str | None = ""
        self._is_shown = True
        self.edit = SecretEdit()
        self.edit.setObjectName("variableValue")
        self.edit.setProperty("role", "value")
        self.edit.setAccessibleName(tr("Value"))
        self.edit.setTabChangesFocus(True)
        # Keyboards on the screen learn what is typed, unless they are told not to.
        self.edit.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhMultiLine
        )
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.edit.textChanged.connect(self._take)
        self.edit.entered.connect(self.entered)
        self.edit.refused.connect(self.refused)
        self.masked = QLineEdit(MASK)
        self.masked.setObjectName("variableMasked")
        self.masked.setAccessibleName(tr("Value, hidden"))
        self.masked.setReadOnly(True)
        self.masked.returnPressed.connect(self.entered)
        above = QWidget()
        top = QVBoxLayout(above)
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.masked)
        top.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        self._stack = QStackedLayout()
        row.addLayout(self._stack, 1)  # before it holds anything: it shows its first at once, a window without a parent
        self._stack.addWidget(self.edit)
        self._stack.addWidget(above)
        self.show_button = push_button("variableShow", tr("Show"))
        self.show_button.clicked.connect(self._toggle)
        self.replace_button = push_button("variableReplace", tr("Replace"))
        self.replace_button.clicked.connect(self._replace)
        for button in (self.show_button, self.replace_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.setFixedHeight(HEIGHT)
        self._show_state()

    @property
    def value(self) -> str | None:
        """The value; None while it is as it was kept, unread."""
        return self._value

    @property
    def is_shown(self) -> bool:
        """Can the value be read now?"""
        return self._is_shown

    def put(self, value: str | None) -> None:
        """Hold a value: an empty one to be typed, any other masked."""
        self._value = value
        self._is_shown = value == ""
        self._show_state()

    def reveal(self, value: str) -> None:
        """Show the value that was kept, unless another was typed meanwhile."""
        if self._value is None:
            self._value = value
        self._is_shown = True
        self._show_state()

    def hide_value(self) -> None:
        """Mask the value; one that is empty has nothing to hide."""
        if self._is_shown and self._value:
            had_focus = self.edit.hasFocus()
            self._is_shown = False
            self._show_state()
            if had_focus:
                self.masked.setFocus()

    def calm(self) -> None:
        """Wait for nothing any more."""
        self._show_buttons()

    def give_focus(self) -> None:
        """Put the cursor where the value is, or would be."""
        (self.edit if self._is_shown else self.masked).setFocus(Qt.FocusReason.OtherFocusReason)

    def _toggle(self) -> None:
        if self._is_shown:
            self.hide_value()
        elif self._value is None:
            self.show_button.setText(tr("Asking…"))
            self.show_button.setEnabled(False)
            self.show_requested.emit()
        else:
            self.reveal(self._value)

    def _replace(self) -> None:
        self.put("")
        self.edit.setFocus()
        self.edited.emit()

    def _take(self) -> None:
        # Qt's document has one kind of line end and no hard spaces: only what was typed is taken from it.
        if self._is_shown and self.edit.document().isModified():
            self._value = self.edit.toPlainText()
            self._show_buttons()
            self.edited.emit()

    def _show_state(self) -> None:
        self.edit.blockSignals(True)
        self.edit.setPlainText((self._value or "") if self._is_shown else "")  # forgets the undo steps, too
        self.edit.blockSignals(False)
        self.edit.document().setModified(False)
        self._stack.setCurrentIndex(0 if self._is_shown else 1)
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.show_button.setText(tr("Hide") if self._is_shown and self._value else tr("Show"))
        self.show_button.setEnabled(self._value != "")
        self.replace_button.setVisible(not self._is_shown)
