"""Asks, at the foot of a dialog, what is to become of what was entered."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_XL
from craft_desktop.ui.words import tr


class QuestionBar(QFrame):
    """Hidden until something is asked; the answer that loses nothing has the cursor."""

    kept = Signal()
    discarded = Signal()
    saved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("questionBar")
        self.words = label("", "headline")
        self.words.setObjectName("questionWords")
        self.keep_button = push_button("questionKeep", tr("Keep editing"))
        self.discard_button = push_button("questionDiscard", tr("&Discard"))
        self.save_button = push_button("questionSave", tr("&Save and close"), "primary")
        for button, answer in (
            (self.keep_button, self.kept),
            (self.discard_button, self.discarded),
            (self.save_button, self.saved),
        ):
            button.clicked.connect(answer)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_XL, GAP, GAP_XL, GAP_L)
        row.setSpacing(GAP)
        row.addWidget(self.words, 1)
        for button in (self.keep_button, self.discard_button, self.save_button):
            row.addWidget(button)
        self.hide()

    def ask(self, words: str, *, can_save: bool) -> None:
        """Put the question."""
        self.words.setText(words)
        self.setAccessibleName(words)
        self.save_button.setVisible(can_save)
        self.show()
        self.keep_button.setFocus()
