"""The question before a page is shown to everybody."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from craft_desktop.model.project import Project
from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, GAP_S, GAP_XL
from craft_desktop.ui.words import tr

WIDTH = 460


class ShareDialog(QDialog):
    """Says what is shared, and what is not. It goes for good when it is closed."""

    confirmed = Signal(str)
    """The project's id."""

    def __init__(self, project: Project, *, is_running: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shareDialog")
        self.setWindowTitle(tr("Share {0}").format(project.name))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(WIDTH)
        self._project_id = project.id
        means = tr(
            "Its dev server gets an address on the internet. Everybody who has it sees the page, and can do there "
            "what you can, for as long as it runs. Your folder, your key and your other projects stay yours alone."
        )
        then = tr("It starts again in another sandbox.") if is_running else tr("It counts from the next start.")
        share = push_button("shareConfirm", tr("Share"))
        share.clicked.connect(self._confirm)
        cancel = push_button("shareCancel", tr("Cancel"), "primary")
        cancel.setDefault(True)
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addStretch(1)
        row.addWidget(share)
        row.addWidget(cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_XL)
        column.setSpacing(GAP)
        column.addWidget(label(tr("Show this page to everybody?"), "name", wraps=True))
        column.addWidget(label(f"{means} {then}", "muted", wraps=True))
        column.addSpacing(GAP_XL - GAP - GAP_S)
        column.addLayout(row)
        cancel.setFocus()

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit(self._project_id)
