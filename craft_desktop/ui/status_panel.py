"""What stands where the page will be, while there is none: the steps, the failure, or a Start button."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from craft_desktop.model.errors import Action
from craft_desktop.model.session import STARTING_UP, Phase, Session
from craft_desktop.ui import present
from craft_desktop.ui.commands import hint
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label, push_button, set_property
from craft_desktop.ui.stepper import Stepper
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, GAP_XL, Theme
from craft_desktop.ui.words import tr

DETAIL_LINES = 9
"""A failure's facts are shown up to this height at once; the rest scrolls."""
CARD_WIDTH = 620
"""Some eighty letters: a line that is easy to read."""


class StatusPanel(QScrollArea):
    """Says what goes on before the page is there. It scrolls where the window is small."""

    start_requested = Signal()
    remedy_requested = Signal(Action)
    doctor_requested = Signal()

    def __init__(self, theme: Theme, icons: Icons, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._action = Action.NONE
        content = QWidget(self.viewport())
        content.setObjectName("statusPanel")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._card = QFrame(content)
        self._card.setObjectName("card")
        self._card.setFixedWidth(CARD_WIDTH)
        self.title = label("", "title", wraps=True)
        self.title.setObjectName("panelTitle")
        self.text = label("", "muted", wraps=True)
        self.text.setObjectName("panelText")
        self.steps = Stepper(theme, now, is_large=True, parent=self._card)
        self.detail = QPlainTextEdit()
        self.detail.setObjectName("problemDetail")
        self.detail.setReadOnly(True)
        self.detail.setFont(theme.mono)
        self.detail.setAccessibleName(tr("What happened"))
        self.detail.setTabChangesFocus(True)
        self.remedy = label("", wraps=True)
        self.remedy.setObjectName("panelRemedy")
        self.start = push_button("panelStart", tr("Start"), "primary")
        icons.bind(self.start, "play", "on_accent")
        self.start.setToolTip(tr("Start (Ctrl+Return)"))
        self.start.clicked.connect(self.start_requested)
        self.act = push_button("panelRemedyButton", "")
        self.act.clicked.connect(lambda: self.remedy_requested.emit(self._action))
        self.doctor = push_button("panelDoctor", tr("Find out why"), "flat")
        self.doctor.setToolTip(hint("doctor"))
        self.doctor.clicked.connect(self.doctor_requested)

        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        for button in (self.act, self.start, self.doctor):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(GAP_XL, GAP_XL - GAP_S, GAP_XL, GAP_XL - GAP_S)
        inside.setSpacing(GAP + GAP_S)
        for widget in (self.title, self.text, self.detail, self.remedy):
            inside.addWidget(widget)
        inside.addWidget(self.steps)
        inside.addLayout(buttons)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._card)
        row.addStretch(1)
        column = QVBoxLayout(content)
        column.setContentsMargins(GAP_L, GAP, GAP_L, GAP)  # in a window of 900 by 600 every start fits unscrolled
        column.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)

    def show_session(self, session: Session) -> None:
        """Show the run."""
        problem = session.problem if session.phase in present.HAS_PROBLEM else None
        is_starting = session.phase in STARTING_UP
        self.steps.show_session(session)
        self.steps.setVisible(is_starting)
        self.detail.setVisible(problem is not None and bool(problem.detail))
        self.remedy.setVisible(problem is not None)
        self.text.setVisible(problem is None)
        self.act.setVisible(False)
        # While it waits for its first page, what keeps that from coming can be looked for too.
        self.doctor.setVisible(problem is not None or session.phase is Phase.WAITING)
        set_property(self.doctor, "role", "" if problem is None else "flat")  # alone it stands below the steps
        self.start.setVisible(session.phase in (Phase.STOPPED, Phase.FAILED))
        self.start.setText(tr("Start"))
        set_property(self.start, "role", "primary")
        if problem is not None:
            self.title.setText(problem.title)
            self._show_detail(problem.detail)
            self.remedy.setText(problem.remedy)
            self._action = problem.action
            has_own = problem.action not in (Action.NONE, Action.START)
            self.act.setText(present.remedy_label(problem, tr))
            self.act.setVisible(has_own)
            set_property(self.act, "role", "primary" if has_own else "")
            set_property(self.start, "role", "" if has_own else "primary")
            self.start.setText(tr("Start again"))
        elif is_starting:
            self.title.setText(f"{present.state(session, tr).words}…")
            self.text.setText(tr("The page appears here as soon as the dev server answers."))
        elif session.phase is Phase.STOPPING:
            self.title.setText(tr("Stopping…"))
            self.text.setText(tr("Everything that this preview started is being stopped."))
        elif session.phase is Phase.LIVE:
            self.title.setText(tr("Live"))
            self.text.setText(tr("The page is on its way."))
        elif session.idle_s is not None and session.phase is Phase.STOPPED:
            idle = present.duration(session.idle_s, tr)
            self.title.setText(tr("The sandbox stopped (idle {0})").format(idle))
            self.text.setText(tr("Nobody used the preview for {0}. Your files are as you left them.").format(idle))
            self.start.setText(tr("Start again"))
        else:
            self.title.setText(tr("Not running"))
            self.text.setText(tr("Start it, and its page appears here. Your files stay where they are."))

    def tick(self) -> None:
        """Show the seconds as they are now."""
        self.steps.tick()

    def resizeEvent(self, event: object) -> None:
        """Keep the card inside a narrow window."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._card.setFixedWidth(max(240, min(CARD_WIDTH, self.viewport().width() - 2 * GAP_L)))

    def _show_detail(self, text: str) -> None:
        if self.detail.toPlainText() != text:
            self.detail.setPlainText(text)
        lines = min(DETAIL_LINES, max(2, text.count("\n") + 1 + sum(len(line) // 78 for line in text.splitlines())))
        height = QFontMetrics(self.detail.font()).lineSpacing() * lines
        self.detail.setFixedHeight(height + 2 * (GAP + GAP_S // 2))  # its frame, padding and margin, alike at both ends
