"""One line at the top of the content: what happened, details on demand, and the remedy's button."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from craft_desktop.model.errors import Action, Problem
from craft_desktop.ui import present
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import ElidedLabel, label, push_button, set_property, tool_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, ICON, Theme
from craft_desktop.ui.words import tr


class MessageBar(QFrame):
    """Shows one problem at a time, the newest; it goes when it is closed or solved. Never modal."""

    remedy_requested = Signal(Action)

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._theme, self._icons = theme, icons
        self._problem: Problem | None = None
        self._mark = QLabel()
        self._mark.setFixedSize(ICON, ICON)
        self.headline = ElidedLabel("headline")
        self.headline.setObjectName("messageHeadline")
        self.details_button = push_button("messageDetails", tr("Details"), "flat")
        self.details_button.setCheckable(True)
        self.details_button.toggled.connect(self._show_details)
        self.remedy_button = push_button("messageRemedy", "")
        self.remedy_button.clicked.connect(self._ask_remedy)
        self.close_button = tool_button("messageClose", tr("Close this message"), icons, "close")
        self.close_button.clicked.connect(self.clear)
        self.detail = label("", wraps=True)
        self.detail.setObjectName("messageDetail")
        self.detail.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._mark)
        row.addWidget(self.headline, 1)
        row.addWidget(self.details_button)
        row.addWidget(self.remedy_button)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_L, GAP_S + 1, GAP, GAP_S + 1)
        column.setSpacing(GAP_S)
        column.addLayout(row)
        column.addWidget(self.detail)
        self.detail.setContentsMargins(ICON + GAP, 0, GAP, GAP)
        self.detail.hide()
        self.hide()
        theme.changed.connect(self._tint)

    @property
    def problem(self) -> Problem | None:
        """What is shown now."""
        return self._problem

    def show_problem(self, problem: Problem, button: str = "") -> None:
        """Show a problem; one shown already gives way.

        :param button: what the remedy's button says, where its action alone says too little.
        """
        self._problem = problem
        self.headline.setText(problem.title)
        self.detail.setText("\n".join(part for part in (problem.detail, problem.remedy) if part))
        remedy = button or present.remedy_label(problem, tr)
        self.remedy_button.setText(remedy)
        self.remedy_button.setVisible(bool(remedy))
        self.details_button.setChecked(False)
        set_property(self, "tone", "bad")
        self.setAccessibleName(f"{problem.title}. {problem.remedy}")
        self._tint()
        self.show()

    def take_back(self, problem: Problem) -> None:
        """Show nothing if this is what is shown: it is so no more."""
        if problem == self._problem:
            self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._problem = None
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
        else:
            super().keyPressEvent(event)

    def _show_details(self, is_shown: bool) -> None:
        self.detail.setVisible(is_shown)
        self.details_button.setText(tr("Hide details") if is_shown else tr("Details"))

    def _ask_remedy(self) -> None:
        if self._problem is not None:
            action = self._problem.action
            if action is not Action.OPEN_PLACE:  # to look at it solves nothing yet
                self.clear()
            self.remedy_requested.emit(action)

    def _tint(self) -> None:
        colour = self._theme.colours.bad
        self._mark.setPixmap(self._icons.pixmap("warning", colour, ICON, self.devicePixelRatioF()))
