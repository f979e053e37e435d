"""The E2B API key: entered once, then shown behind dots, with the place where it is kept."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.option_field import LABEL_WIDTH
from craft_desktop.ui.parts import label, push_button, set_property
from craft_desktop.ui.theme import GAP, GAP_S
from craft_desktop.ui.words import tr

_PLACES = {
    KeySource.NONE: "No key yet. Previews on this computer need none.",
    KeySource.ENVIRONMENT: "Taken from E2B_API_KEY; change it there.",
    KeySource.KEYRING: "Kept in the system’s keyring.",
    KeySource.MEMORY: "There is no keyring here: the key is kept for this run only.",
}


class KeyField(QWidget):
    """Takes a key, shows its state. The key itself leaves the field as soon as it is saved."""

    saved = Signal(str)
    forgotten = Signal()
    test_requested = Signal()
    test_cancelled = Signal()

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("setting-key")
        name = label(tr("API key"))
        name.setFixedWidth(LABEL_WIDTH)
        self.edit = QLineEdit()
        self.edit.setObjectName("keyEdit")
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setAccessibleName(tr("E2B API key"))
        self.edit.returnPressed.connect(self._save)
        self.save_button = push_button("keySave", tr("Save"))
        self.save_button.setEnabled(False)
        self.edit.textChanged.connect(lambda text: self.save_button.setEnabled(bool(text.strip())))
        self.save_button.clicked.connect(self._save)
        self.test_button = push_button("keyTest", tr("Test key"))
        self.test_button.clicked.connect(self._test)
        self.forget_button = push_button("keyForget", tr("Remove"))
        self.forget_button.clicked.connect(self.forgotten)
        self.place = label("", "small", wraps=True)
        self.place.setObjectName("keyPlace")
        self.words = label("", "small", wraps=True)
        self.words.setObjectName("keyWords")
        self.words.hide()
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(name)
        row.addWidget(self.edit, 1)
        row.addWidget(self.save_button)
        second = QHBoxLayout()
        second.setContentsMargins(LABEL_WIDTH + GAP, GAP_S, 0, 0)
        second.setSpacing(GAP)
        second.addWidget(self.test_button)
        second.addWidget(self.forget_button)
        second.addStretch(1)
        below = QVBoxLayout()
        below.setContentsMargins(LABEL_WIDTH + GAP, 0, 0, 0)
        below.setSpacing(2)
        below.addWidget(self.place)
        below.addWidget(self.words)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_S)
        column.addLayout(row)
        column.addLayout(below)
        column.addLayout(second)
        self._is_testing = False
        self.show_key(KeyState(KeySource.NONE))

    def show_key(self, state: KeyState) -> None:
        """Show where the key is kept; what was typed is gone from the field."""
        is_there = state.source is not KeySource.NONE
        self.edit.clear()
        self.edit.setPlaceholderText(state.masked if is_there else "e2b_…")
        self.edit.setEnabled(state.source is not KeySource.ENVIRONMENT)
        self.test_button.setEnabled(is_there)
        self._end_test()
        self.forget_button.setEnabled(is_there and state.source is not KeySource.ENVIRONMENT)
        self.place.setText(tr(_PLACES[state.source]))
        self.words.hide()

    def show_words(self, words: str, *, is_good: bool) -> None:
        """Say what came of a test, or why the key was not kept; nothing where a test was called off."""
        set_property(self.words, "role", "good" if is_good else "error")
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self._end_test()

    def _save(self) -> None:
        if self.edit.text().strip():
            self.saved.emit(self.edit.text())

    def _test(self) -> None:
        # One button for both, so that the keyboard stays where it is.
        if self._is_testing:
            self.test_cancelled.emit()
            return
        self._is_testing = True
        self.test_button.setText(tr("Cancel test"))
        set_property(self.words, "role", "small")
        self.words.setText(tr("Testing: the key’s service is asked…"))
        self.words.show()
        self.test_requested.emit()

    def _end_test(self) -> None:
        self._is_testing = False
        self.test_button.setText(tr("Test key"))
