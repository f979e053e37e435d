"""One setting: its name, its field, its help, and why a value was refused."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from craft_desktop.model.errors import Problem
from craft_desktop.model.settings import Option
from craft_desktop.ui.check_box import CheckBox
from craft_desktop.ui.parts import label, push_button, set_property
from craft_desktop.ui.theme import CONTROL, GAP, GAP_S
from craft_desktop.ui.words import tr

NUMBER_WIDTH = 96
LABEL_WIDTH = 180

UNITS = {"s": "seconds", "min": "minutes", "GB": "GB"}

CHOICES = {
    "local": "This computer",
    "e2b": "E2B",
    "stop": "Stop it",
    "sleep": "Put it to sleep",
    "keep": "Keep it on E2B",
    "ask": "Ask",
    "system": "System",
    "light": "Light",
    "dark": "Dark",
}


class OptionField(QWidget):
    """Shows an option of the table and emits what a person makes of it, unchecked: the workbench judges."""

    changed = Signal(str, object)

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.setObjectName(f"setting-{option.key}")
        self._option = option
        self._told: str = str(option.default)
        self._is_refused = False
        self.edit: QLineEdit | None = None
        self.box: CheckBox | None = None
        self.buttons: dict[str, QPushButton] = {}
        name = label(tr(option.label), wraps=True)
        name.setFixedWidth(LABEL_WIDTH)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        name.setMinimumHeight(CONTROL)
        row.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)  # beside the first line, if there are several
        self.help = label(tr(option.help), "small", wraps=True)
        if isinstance(option.default, bool):
            self._add_box(row)
            self.help.hide()  # it is the words of the box
        elif option.choices:
            self._add_choices(row)
        else:
            self._add_edit(row)
        self.error = label("", "error", wraps=True)
        self.error.setObjectName(f"refusal-{option.key}")
        self.error.hide()
        below = QVBoxLayout()
        below.setContentsMargins(LABEL_WIDTH + GAP, 0, 0, 0)
        below.setSpacing(2)
        below.addWidget(self.error)
        below.addWidget(self.help)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_S)
        column.addLayout(row)
        column.addLayout(below)

    def show_value(self, value: object) -> None:
        """Show the value in force, whoever set it; what was refused or is being typed stays, to be mended or ended."""
        self._told = str(value)
        if self.edit is not None and not self._is_refused and not (self.edit.hasFocus() and self.edit.isModified()):
            self.edit.setText(self._told)
        self._choose_told()

    def show_problem(self, problem: Problem | None) -> None:
        """Say why the value was refused, or that it was not."""
        self._is_refused = problem is not None
        if self.edit is not None and problem is None:
            self.edit.setText(self._told)  # as it was taken: without what surrounded it
        self.error.setText(f"{problem.detail} {problem.remedy}" if problem else "")
        self.error.setVisible(problem is not None)
        if self.edit is not None:
            set_property(self.edit, "bad", self._is_refused)
            self.edit.setAccessibleDescription(self.error.text() or self.help.text())
        if self.box is not None:
            self.box.setAccessibleDescription(self.error.text())
        if problem is not None:
            self._choose_told()  # of a choice that was refused nothing is left to be mended

    def _choose_told(self) -> None:
        button = self.buttons.get(self._told)
        if button is not None:
            button.setChecked(True)
        if self.box is not None:
            self.box.setChecked(self._told == str(True))

    def _add_box(self, row: QHBoxLayout) -> None:
        option = self._option
        self.box = CheckBox(tr(option.help))
        self.box.setObjectName(f"box-{option.key}")
        self.box.setChecked(option.default is True)
        self.box.setAccessibleName(f"{tr(option.label)}: {tr(option.help)}")
        self.box.clicked.connect(lambda on: self.changed.emit(option.key, bool(on)))
        row.addWidget(self.box, 1)

    def _add_edit(self, row: QHBoxLayout) -> None:
        option = self._option
        self.edit = QLineEdit(str(option.default))
        self.edit.setObjectName(f"edit-{option.key}")
        self.edit.setAccessibleName(tr(option.label))
        self.edit.setAccessibleDescription(tr(option.help))
        self.edit.setPlaceholderText(option.hint)
        self.edit.editingFinished.connect(self._edited)
        is_number = isinstance(option.default, int)  # a switch never comes here
        row.addWidget(self.edit, 0 if is_number else 1)
        if is_number:
            self.edit.setFixedWidth(NUMBER_WIDTH)
            if option.unit:
                row.addWidget(label(tr(UNITS[option.unit]), "muted"))
            row.addStretch(1)

    def _add_choices(self, row: QHBoxLayout) -> None:
        option = self._option
        group = QButtonGroup(self)
        group.setExclusive(True)
        strip = QHBoxLayout()
        strip.setSpacing(0)
        last = len(option.choices) - 1
        for number, choice in enumerate(option.choices):
            button = push_button(f"choice-{option.key}-{choice}", tr(CHOICES.get(choice, choice)), "segment")
            button.setProperty("place", "first" if number == 0 else "last" if number == last else "middle")
            button.setCheckable(True)
            button.setAutoExclusive(True)  # one of several, to a screen reader
            button.setChecked(choice == str(option.default))
            button.setAccessibleName(f"{tr(option.label)}: {button.text()}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on=False, chosen=choice: self.changed.emit(option.key, str(chosen)))
            group.addButton(button)
            self.buttons[str(choice)] = button
            strip.addWidget(button)
        row.addLayout(strip)
        row.addStretch(1)

    def _edited(self) -> None:
        assert self.edit is not None
        text = self.edit.text().strip()
        if text == self._told:
            self.show_problem(None)
        else:
            self.changed.emit(self._option.key, text)
