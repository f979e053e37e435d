"""The preview doctor beside the page: every check as it is made, then the worst first with its remedy.

Below them stands what everybody looks at first: who listens, the processes, the log's end.
"""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from craft_desktop.model.errors import Action
from craft_desktop.model.report import Check, Diagnosis, Grade
from craft_desktop.ui import doctor_words
from craft_desktop.ui.check_row import CheckRow
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label, line, push_button, set_property, tool_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr

WIDTH = 400
"""Some fifty letters: a remedy is read in two lines."""


class DoctorPanel(QFrame):
    """Shows one examination.

    :param checks: id and name of every check, in the order of a start.
    :param name: the project's, for the text to be sent.
    """

    asked = Signal()
    """A person wants an examination."""
    closed = Signal()
    remedy_requested = Signal(Action)
    place_requested = Signal(object)
    """A `Place`."""

    def __init__(self, theme: Theme, icons: Icons, checks: Sequence[tuple[str, str]], name: str) -> None:
        super().__init__()
        self.setObjectName("doctorPanel")
        self.setAccessibleName(tr("Preview doctor"))
        self._project_name = name
        self.diagnosis: Diagnosis | None = None
        self.again = push_button("doctorAgain", tr("Run again"))
        self.again.clicked.connect(self.asked)
        self.copy = tool_button("doctorCopy", tr("Copy as text"), icons, "copy")
        self.copy.clicked.connect(self._copy)
        self._close = tool_button("doctorClose", tr("Close (Esc)"), icons, "close")
        self._close.clicked.connect(self.closed)
        self.summary = label("", "headline", wraps=True)
        self.summary.setObjectName("doctorSummary")
        self.hint = label("", "muted", wraps=True)
        self.hint.setObjectName("doctorHint")
        self.rows = {key: CheckRow(theme, key, words) for key, words in checks}
        for row in self.rows.values():
            row.remedy_requested.connect(self.remedy_requested)
            row.place_requested.connect(self.place_requested)
        self._found, self._found_column = _column()
        self._found_column.setSpacing(GAP)
        self._groups = {grade: _Group(grade) for grade in (Grade.UNKNOWN, Grade.OK)}
        self._waiting, self._waiting_column = _column()
        self._facts = [_Facts(title, theme.mono) for title in (tr("Listening"), tr("Processes"), tr("The log’s end"))]
        self.area = QScrollArea()
        self._lay_out()  # first: what is shown before it has a parent is a window
        self._begin()

    def sizeHint(self) -> QSize:
        """Ask for the width that is easy to read."""
        return QSize(WIDTH, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Ask for no width: beside a page it would keep the window from being made narrow."""
        return QSize(0, super().minimumSizeHint().height())

    @property
    def has_focus(self) -> bool:
        """Is a person at it?"""
        focused = QApplication.focusWidget()
        return focused is self or (focused is not None and self.isAncestorOf(focused))

    def begin(self) -> None:
        """Show that an examination begins."""
        self._begin()
        self.area.verticalScrollBar().setValue(0)

    def show_check(self, check: Check) -> None:
        """Show a check that was just made."""
        row = self.rows.get(check.id)
        if row is not None and self.diagnosis is None:
            row.show_check(check)
            made = sum(each.check is not None for each in self.rows.values())
            self.summary.setText(doctor_words.progress(made, len(self.rows), tr))

    def show_diagnosis(self, diagnosis: Diagnosis | None) -> None:
        """Show the whole; None where the examination came to nothing."""
        self.again.setEnabled(True)
        if diagnosis is None:
            self.summary.setText(tr("The checks could not be finished. Run them again."))
            return
        self.diagnosis = diagnosis
        self.copy.setEnabled(True)
        before: QWidget = self._close
        for check in diagnosis.worst_first:
            row = self.rows.get(check.id)
            if row is None:
                continue
            row.show_check(check)
            group = self._groups.get(check.grade)
            (self._found_column if group is None else group.column).addWidget(row)
            row.show()  # Qt hides what gets another parent, and shows it again some time later
            if group is None:  # read in this order, so walked in it
                for button in (row.act, row.open):
                    QWidget.setTabOrder(before, button)
                    before = button
        self._waiting.hide()
        for grade, group in self._groups.items():
            count = sum(check.grade is grade for check in diagnosis.checks)
            group.show_count(count)
        is_bad = any(check.grade in (Grade.BAD, Grade.MISSING) for check in diagnosis.checks)
        set_property(self.summary, "tone", "bad" if is_bad else "good" if diagnosis.is_clean else "busy")
        self.summary.setText(doctor_words.summary(diagnosis, tr))
        self.hint.setText(doctor_words.hint(diagnosis, tr))
        self.hint.setVisible(bool(self.hint.text()))
        said = (doctor_words.listeners, doctor_words.processes, doctor_words.tail)
        quoted = (diagnosis.listeners, diagnosis.processes, [each for each in diagnosis.tail if each.strip()])
        for facts, tell, found in zip(self._facts, said, quoted, strict=True):
            facts.show_lines(tell(diagnosis, tr), is_quoted=bool(found))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _begin(self) -> None:
        self.diagnosis = None
        self.again.setEnabled(False)
        self.copy.setEnabled(False)
        for row in self.rows.values():
            row.show_waiting()
            self._waiting_column.addWidget(row)
            row.show()
        self._waiting.show()
        for group in self._groups.values():
            group.show_count(0)
        for facts in self._facts:
            facts.hide()
        self.hint.hide()
        set_property(self.summary, "tone", "")
        self.summary.setText(doctor_words.progress(0, len(self.rows), tr))

    def _copy(self) -> None:
        if self.diagnosis is not None:
            QGuiApplication.clipboard().setText(doctor_words.as_text(self.diagnosis, self._project_name, tr))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(GAP_L, GAP_S, GAP, GAP_S)
        top.setSpacing(GAP)
        top.addWidget(label(tr("Preview doctor"), "headline"))
        top.addStretch(1)
        for part in (self.again, self.copy, self._close):
            top.addWidget(part)
        said = QVBoxLayout()
        said.setContentsMargins(GAP_L, GAP, GAP_L, GAP)
        said.setSpacing(GAP_S)
        said.addWidget(self.summary)
        said.addWidget(self.hint)
        content = QWidget()
        content.setObjectName("doctorContent")
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, GAP, 0, GAP)
        inside.setSpacing(GAP_S)
        for each in (self._found, self._waiting, *self._facts, *self._groups.values()):
            inside.addWidget(each)
        inside.addStretch(1)
        area = self.area
        area.setObjectName("doctorScroll")
        area.setAccessibleName(tr("What was looked at"))
        area.setWidget(content)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(line())
        column.addLayout(said)
        column.addWidget(line())
        column.addWidget(area, 1)


class _Group(QWidget):
    """Checks that need no attention, out of sight until they are asked for."""

    def __init__(self, grade: Grade) -> None:
        super().__init__()
        self._grade = grade
        self.toggle: QPushButton = push_button(f"doctorGroup-{grade.value}", "", "flat")
        self.toggle.setCheckable(True)
        self._body, self.column = _column()
        self._body.hide()
        self.toggle.toggled.connect(self._show)
        top = QHBoxLayout()
        top.setContentsMargins(GAP, 0, GAP, 0)
        top.addWidget(self.toggle)
        top.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self._body)

    def show_count(self, count: int) -> None:
        """Show how many they are; none are not shown."""
        self._count = count
        self.setVisible(count > 0)
        self._show(self.toggle.isChecked())

    def _show(self, is_open: bool) -> None:
        mark = "▾" if is_open else "▸"
        words = doctor_words.group(self._count, self._grade, tr)
        self.toggle.setText(f"{mark}  {words}")
        self.toggle.setAccessibleName(words)
        self._body.setVisible(is_open)


class _Facts(QWidget):
    """Lines as the sandbox told them; or, in a sentence, that there are none."""

    def __init__(self, title: str, font: QFont) -> None:
        super().__init__()
        head = label(title, "headline")
        self._text = label("", "small", wraps=True)
        self._quoted, self._own = font, QFont(self._text.font())
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setAccessibleName(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_L, GAP, GAP_L, 0)
        column.setSpacing(GAP_S)
        column.addWidget(head)
        column.addWidget(self._text)

    def show_lines(self, lines: Sequence[str], *, is_quoted: bool) -> None:
        """Show them; what is not quoted is a sentence of ours."""
        self._text.setFont(self._quoted if is_quoted else self._own)
        self._text.setText(doctor_words.breakable("\n".join(lines)))
        self.show()


def _column() -> tuple[QWidget, QVBoxLayout]:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return made, column
