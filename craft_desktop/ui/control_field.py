"""The control API's address and token in the settings; the token behind dots, to be copied or made anew."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from craft_desktop.ui.option_field import LABEL_WIDTH
from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, GAP_S
from craft_desktop.ui.words import tr


class ControlField(QWidget):
    """Shows who can ask this program, and how. It never holds the token itself."""

    copy_requested = Signal()
    renew_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("setting-control")
        self.address = self._value("controlAddress", tr("Address of the control API"))
        self.token = self._value("controlToken", tr("Token, masked"))
        self.copy_button = push_button("controlCopy", tr("Copy token"))
        self.copy_button.clicked.connect(self.copy_requested)
        self.renew_button = push_button("controlRenew", tr("New token"))
        self.renew_button.clicked.connect(self._renew)
        self.help = label(
            tr(
                "The program “craft-desktop” finds both by itself; scripts send the token as “Authorization: Bearer”. "
                "A new token locks out whoever has the old one, and the address changes with it."
            ),
            "small",
            wraps=True,
        )
        self.words = label("", "good", wraps=True)
        self.words.setObjectName("controlWords")
        self.words.hide()
        self.why = label("", "error", wraps=True)
        self.why.setObjectName("controlWhy")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for name, value in ((tr("Address"), self.address), (tr("Token"), self.token)):
            row = QHBoxLayout()
            row.setSpacing(GAP)
            head = label(name)
            head.setFixedWidth(LABEL_WIDTH)
            row.addWidget(head)
            row.addWidget(value, 1)
            column.addLayout(row)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.renew_button)
        buttons.addStretch(1)
        below = QVBoxLayout()
        below.setContentsMargins(LABEL_WIDTH + GAP, 0, 0, 0)
        below.setSpacing(GAP_S)
        below.addWidget(self.why)
        below.addLayout(buttons)
        below.addWidget(self.words)
        below.addWidget(self.help)
        column.addLayout(below)
        self.show_access("", "", "")

    def show_access(self, url: str, masked: str, why_closed: str) -> None:
        """Show where it is and the end of its token; empty while nobody is let in.

        :param why_closed: what went wrong; empty where it is open, or closed because it is switched off.
        """
        is_open = bool(url)
        self.address.setText(url or (tr("closed") if why_closed else tr("closed: it is switched off")))
        self.why.setText(why_closed)
        self.why.setVisible(bool(why_closed))
        self.token.setText(masked or tr("none"))
        self.copy_button.setEnabled(is_open)
        self.renew_button.setEnabled(is_open)
        self.words.hide()

    def show_copied(self) -> None:
        """Say that the token is in the clipboard."""
        self.words.setText(tr("The token is in the clipboard."))
        self.words.show()

    def _renew(self) -> None:
        self.renew_button.setEnabled(False)  # until the new one is told
        self.renew_requested.emit()

    def _value(self, name: str, words: str) -> QLabel:
        made = label("", "muted")
        made.setObjectName(name)
        made.setAccessibleName(words)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return made
