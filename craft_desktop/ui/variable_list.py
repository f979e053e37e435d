"""The page with all variables: the table, what can be done with the chosen one, and what the project's files set."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from craft_desktop.model.env_files import EnvFiles
from craft_desktop.model.environment_draft import Draft, Standing
from craft_desktop.ui import variable_words
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, Theme
from craft_desktop.ui.variable_table import VariableTable
from craft_desktop.ui.words import tr


class VariableList(QWidget):
    """Shows a draft, and tells what a person wants to do with it."""

    add_requested = Signal()
    paste_requested = Signal()
    edit_requested = Signal(str)
    eye_requested = Signal(str)
    copy_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("variableList")
        self.heading = label(tr("Reading…"), "headline")
        self.heading.setObjectName("variableHeading")
        self.add_button = push_button("variableAdd", tr("&Add…"))
        self.paste_button = push_button("variablePaste", tr("&Paste .env…"))
        self.table = VariableTable("variableTable", tr("Environment variables"), theme, icons)
        self.edit_button = push_button("variableEdit", tr("&Edit…"))
        self.eye_button = push_button("variableEye", tr("Show va&lue"))
        self.copy_button = push_button("variableCopy", tr("&Copy value"))
        self.remove_button = push_button("variableRemove", tr("&Remove"))
        self.files = label("", "small", wraps=True)
        self.files.setObjectName("variableFiles")
        for button, asked, told in (
            (self.edit_button, self.table.edit_requested, self.edit_requested),
            (self.eye_button, self.table.eye_requested, self.eye_requested),
            (self.copy_button, self.table.copy_requested, self.copy_requested),
            (self.remove_button, self.table.remove_requested, self.remove_requested),
        ):
            asked.connect(told)
            button.clicked.connect(lambda _on=False, told=told: self.table.tell(told))
        self.add_button.clicked.connect(self.add_requested)
        self.paste_button.clicked.connect(self.paste_requested)
        self.table.row_changed.connect(self.heed)
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.heading, 1)
        top.addWidget(self.add_button)
        top.addWidget(self.paste_button)
        acts = QHBoxLayout()
        acts.setSpacing(GAP)
        for button in (self.edit_button, self.eye_button, self.copy_button, self.remove_button):
            acts.addWidget(button)
        acts.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addWidget(self.table, 1)
        column.addLayout(acts)
        column.addWidget(self.files)
        self.add_button.setEnabled(False)
        self.paste_button.setEnabled(False)
        self.files.hide()
        self.heed()

    def show_draft(self, draft: Draft, files: EnvFiles) -> None:
        """Show what there is and will be; every value is masked."""
        self.table.show_rows(variable_words.rows(draft, files, tr))
        self.heading.setText(variable_words.heading(draft, tr))
        self.files.setText(variable_words.precedence(files, tr))
        self.files.setVisible(bool(self.files.text()))
        self.table.hint = tr("Add a variable, or paste the text of a .env file.")
        self.add_button.setEnabled(True)
        self.paste_button.setEnabled(True)

    def reveal(self, name: str, value: str) -> None:
        """Show one value."""
        self.table.variables.reveal(name, value)
        self.heed()

    def wait(self, name: str) -> None:
        """Say of one value that it is being asked for; empty: of none."""
        self.table.variables.wait(name)

    def is_revealed(self, name: str) -> bool:
        """Can this value be read now?"""
        return name in self.table.variables.revealed

    def hide_values(self, name: str = "") -> None:
        """Mask one value; without a name, all of them."""
        if name:
            self.table.variables.mask(name)
        else:
            self.table.variables.hide()
        self.heed()

    def heed(self) -> None:
        """Offer what can be done with the chosen line."""
        row = self.table.row
        standing = row.standing if row else None
        has_value = standing is not None and standing is not Standing.REMOVED
        is_shown = row is not None and row.name in self.table.variables.revealed
        self.edit_button.setText(tr("S&et here…") if row and standing is None else tr("&Edit…"))
        self.edit_button.setEnabled(row is not None and standing is not Standing.REMOVED)
        self.eye_button.setText(tr("Hide va&lue") if is_shown else tr("Show va&lue"))
        self.eye_button.setEnabled(has_value)
        self.copy_button.setEnabled(has_value)
        self.remove_button.setText(tr("&Keep") if standing is Standing.REMOVED else tr("&Remove"))
        self.remove_button.setEnabled(standing is not None)
