"""The port of a project's page in its sandbox: found by itself, or told by the person."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.project import Project, read_port
from craft_desktop.ui.parts import label, push_button, set_property
from craft_desktop.ui.theme import GAP, GAP_XL
from craft_desktop.ui.words import tr

WIDTH = 420
FIELD_WIDTH = 120


class PortDialog(QDialog):
    """Asks for one number; a bad one is refused in place. It goes for good when it is closed."""

    chosen = Signal(str, object)
    """The project's id, and the port; None for one that is found."""

    def __init__(self, project: Project, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("portDialog")
        self.setWindowTitle(tr("Port of {0}").format(project.name))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(WIDTH)
        self._project_id = project.id
        name = label(tr("Port of its page"))
        self.edit = QLineEdit(str(project.port or ""))
        self.edit.setObjectName("portEdit")
        self.edit.setPlaceholderText(tr("found"))
        self.edit.setFixedWidth(FIELD_WIDTH)
        self.edit.selectAll()
        name.setBuddy(self.edit)
        self.help = label(
            tr("The port that the dev server prints. Leave it empty to have it found. It counts from the next start."),
            "small",
            wraps=True,
        )
        self.edit.setAccessibleName(name.text())
        self.edit.setAccessibleDescription(self.help.text())
        self.error = label("", "error", wraps=True)
        self.error.setObjectName("portRefusal")
        self.error.hide()
        self.save = push_button("portSave", tr("Save"), "primary")
        self.save.setDefault(True)
        self.save.clicked.connect(self._save)
        self.edit.textEdited.connect(lambda: self._show(""))
        cancel = push_button("portCancel", tr("Cancel"))
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(name)
        row.addWidget(self.edit)
        row.addStretch(1)
        bottom = QHBoxLayout()
        bottom.setSpacing(GAP)
        bottom.addStretch(1)
        bottom.addWidget(cancel)
        bottom.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_XL)
        column.setSpacing(GAP)
        column.addLayout(row)
        column.addWidget(self.error)
        column.addWidget(self.help)
        column.addSpacing(GAP_XL - GAP)
        column.addLayout(bottom)
        self._column = column
        self._fit()

    def _save(self) -> None:
        try:
            port = read_port(self.edit.text())
        except ProjectError as error:
            self._show(f"{error.problem.detail} {error.problem.remedy}")
            self.edit.setFocus()
            return
        self.chosen.emit(self._project_id, port)
        self.accept()

    def _fit(self) -> None:
        # Wrapped labels ask for the height of some other width than the one they get.
        self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))

    def _show(self, refusal: str) -> None:
        set_property(self.edit, "bad", bool(refusal))
        self.error.setText(refusal)
        self.error.setVisible(bool(refusal))
        self._fit()
        self.edit.setAccessibleDescription(refusal or self.help.text())
