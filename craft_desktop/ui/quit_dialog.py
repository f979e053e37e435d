"""The question before the end: does what runs on E2B stay?"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, GAP_S, GAP_XL
from craft_desktop.ui.words import tr

WIDTH = 460


class QuitDialog(QDialog):
    """Escape and Cancel go on with the program. Window-modal at most, and it blocks no loop."""

    answered = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("quitDialog")
        self.setWindowTitle(tr("Quit"))
        self.setFixedWidth(WIDTH)
        headline = label(tr("Keep the previews on E2B running?"), "name", wraps=True)
        detail = label(
            tr(
                "Kept previews are there at once when you open the program again. They stay for as long as “Idle "
                "after” says, an hour at most, and E2B bills that time. Previews on this computer stop in any case."
            ),
            "muted",
            wraps=True,
        )
        keep = push_button("quitKeep", tr("Keep and quit"))
        keep.clicked.connect(lambda: self._answer(True))
        stop = push_button("quitStop", tr("Stop and quit"), "primary")
        stop.setDefault(True)
        stop.clicked.connect(lambda: self._answer(False))
        cancel = push_button("quitCancel", tr("Cancel"))
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(cancel)
        row.addStretch(1)
        row.addWidget(keep)
        row.addWidget(stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_XL)
        column.setSpacing(GAP)
        column.addWidget(headline)
        column.addWidget(detail)
        column.addSpacing(GAP_XL - GAP - GAP_S)
        column.addLayout(row)
        stop.setFocus()

    def _answer(self, keep: bool) -> None:
        self.accept()
        self.answered.emit(keep)
