"""One variable: its name, checked while it is typed, and its value."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from craft_desktop.model.env_files import EnvFiles
from craft_desktop.model.environment_draft import Draft, value_problem
from craft_desktop.ui import variable_words
from craft_desktop.ui.parts import label, push_button, set_property
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S
from craft_desktop.ui.value_field import ValueField
from craft_desktop.ui.words import tr

LONGEST_NAME = 4096
"""Longer than any name in use; far below what would slow the field down."""


class VariableEditor(QWidget):
    """Adds a variable, or changes one."""

    done = Signal(str, object)
    """The name, and the value; None for the value as it is."""
    left = Signal()
    show_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("variableEditor")
        self._draft, self._files = Draft(), EnvFiles()
        self._before = ""
        self._value_before: str | None = ""
        self.title = label("", "headline")
        self.name = QLineEdit()
        self.name.setObjectName("variableName")
        self.name.setAccessibleName(tr("Name"))
        self.name.setProperty("role", "code")
        self.name.setPlaceholderText("API_URL")
        self.name.setMaxLength(LONGEST_NAME)
        self.name.textChanged.connect(self._heed)
        self.name.returnPressed.connect(self._leave_name)
        self.words = label("", "small", wraps=True)
        self.words.setObjectName("variableWords")
        self.value = ValueField()
        self.value.edited.connect(self._heed)
        self.value.entered.connect(self._finish)
        self.value.refused.connect(self._refuse)
        self.value.show_requested.connect(lambda: self.show_requested.emit(self._before))
        self.value_words = label("", "error", wraps=True)
        self.value_words.setObjectName("variableValueWords")
        self.hint = label(tr("Press Enter when done, Shift+Enter for a new line."), "small")
        self.back_button = push_button("variableBack", tr("Back"))
        self.back_button.clicked.connect(self.left)
        self.done_button = push_button("variableDone", tr("Done"), "primary")
        self.done_button.clicked.connect(self._finish)
        bottom = QHBoxLayout()
        bottom.setSpacing(GAP)
        bottom.addWidget(self.hint, 1)
        bottom.addWidget(self.back_button)
        bottom.addWidget(self.done_button)
        self._name_label, self._value_label = label(tr("&Name")), label(tr("&Value"))
        for each, buddy in ((self._name_label, self.name), (self._value_label, self.value.edit)):
            each.setBuddy(buddy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_S)
        column.addWidget(self.title)
        column.addSpacing(GAP)
        column.addWidget(self._name_label)
        column.addWidget(self.name)
        column.addWidget(self.words)
        column.addSpacing(GAP)
        column.addWidget(self._value_label)
        column.addWidget(self.value)
        column.addWidget(self.value_words)
        column.addStretch(1)
        column.addSpacing(GAP_L)
        column.addLayout(bottom)

    @property
    def variable(self) -> str:
        """The name of the variable being changed; empty for a new one."""
        return self._before

    @property
    def is_touched(self) -> bool:
        """Would leaving now lose something?"""
        is_new = not self._before and bool(self.name.text())
        return is_new or self.value.value != self._value_before

    def add(self, draft: Draft, files: EnvFiles, name: str = "") -> None:
        """Begin with a new variable, perhaps of a name that the project's files set."""
        self._begin(draft, files, "", name, "")
        self.title.setText(tr("Add a variable"))
        self._fix_name(is_fixed=False)
        (self.value.edit if name else self.name).setFocus()

    def change(self, draft: Draft, files: EnvFiles, name: str) -> None:
        """Begin with one that is there; its name stays."""
        self._begin(draft, files, name, name, draft.put.get(name))
        self.title.setText(tr("Change a variable"))
        self._fix_name(is_fixed=True)
        self.value.give_focus()

    def reveal(self, name: str, value: str) -> None:
        """Show the kept value that was asked for, if it is still this variable's turn."""
        if name == self._before:
            if self._value_before is None:
                self._value_before = value
            self.value.reveal(value)
            self.value.edit.setFocus()

    def forget(self) -> None:
        """Hold nothing any more."""
        self._begin(Draft(), EnvFiles(), "", "", "")

    def _fix_name(self, *, is_fixed: bool) -> None:
        self.name.setReadOnly(is_fixed)
        set_property(self.name, "fixed", is_fixed)

    def _begin(self, draft: Draft, files: EnvFiles, before: str, name: str, value: str | None) -> None:
        self._draft, self._files, self._before = draft, files, before
        self._value_before = value
        self.value.put(value)
        self.name.setText(name)
        self._heed()

    def _heed(self) -> None:
        name = self.name.text()
        problem = self._draft.name_problem(name, self._before) if name else None
        self.words.setText(" ".join(problem) if problem else variable_words.beside(name, self._files, tr))
        set_property(self.words, "role", "error" if problem else "small")
        set_property(self.name, "bad", problem is not None)
        value = self.value.value
        wrong = value_problem(name, value) if value and name and problem is None else None
        self.value_words.setText(" ".join(wrong) if wrong else "")
        self.done_button.setEnabled(bool(name) and problem is None and wrong is None)

    def _refuse(self, size: int) -> None:
        detail, remedy = value_problem("X", "x" * size) or ("", "")
        self.value_words.setText(f"{detail} {remedy}")

    def _leave_name(self) -> None:
        if self.name.text() and not self.name.property("bad"):
            self.value.give_focus()

    def _finish(self) -> None:
        if self.done_button.isEnabled():
            self.done.emit(self.name.text(), self.value.value)
        elif not self.name.text() or self.name.property("bad"):
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)
