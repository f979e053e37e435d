"""The top of a project: its name, its state, and Start, Stop and Restart."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Session
from craft_desktop.ui import present
from craft_desktop.ui.glyph import Glyph
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import ElidedLabel, push_button, set_property, tip, tool_button
from craft_desktop.ui.present import Button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr


class Header(QWidget):
    """One project's name, state and buttons."""

    start_requested = Signal(str)
    stop_requested = Signal(str)
    restart_requested = Signal(str)
    menu_requested = Signal(str, QPoint)

    def __init__(
        self, theme: Theme, icons: Icons, now: Callable[[], float], project: Project, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._now = now
        self._project = project
        self._session = Session(project.id)
        self._runs_on = Provider.LOCAL

        self._glyph = Glyph(theme, 14)
        self.name = ElidedLabel("title")
        self.name.setObjectName("projectName")
        self.state = ElidedLabel(by_parts=True)
        self.state.setObjectName("projectState")
        self.start = push_button("startButton", tr("Start"))
        self.stop = push_button("stopButton", tr("Stop"))
        self.restart = push_button("restartButton", tr("Restart"))
        icons.bind(self.start, "play", "text")
        icons.bind(self.stop, "stop", "text")
        icons.bind(self.restart, "restart", "text")
        self.more = tool_button("moreButton", tr("More for this project"), icons, "more")
        self.start.clicked.connect(lambda: self.start_requested.emit(self._project.id))
        self.stop.clicked.connect(lambda: self.stop_requested.emit(self._project.id))
        self.restart.clicked.connect(lambda: self.restart_requested.emit(self._project.id))
        self.more.clicked.connect(self._ask_menu)

        second = QHBoxLayout()
        second.setSpacing(GAP_S + 2)
        second.addWidget(self._glyph)
        second.addWidget(self.state, 1)
        left = QVBoxLayout()
        left.setSpacing(2)
        left.addWidget(self.name)
        left.addLayout(second)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_L, 3 * GAP_S, GAP, 3 * GAP_S)
        row.setSpacing(GAP)
        row.addLayout(left, 1)
        for button in (self.restart, self.stop, self.start):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)
        theme.changed.connect(self.tick)
        self.show_project(project)

    def show_project(self, project: Project) -> None:
        """Show the project's name and folder."""
        self._project = project
        self.name.setText(project.name)
        self.name.setToolTip(tip(str(project.path)))
        self.tick()

    def show_session(self, session: Session, runs_on: Provider) -> None:
        """Show the run and where it takes place."""
        self._session, self._runs_on = session, runs_on
        buttons = present.buttons(session)
        had_focus = any(button.hasFocus() for button in (self.start, self.stop, self.restart))
        self._show(self.start, buttons.start, tr("Start"), tr("Starting…"), "Ctrl+Return")
        self._show(self.stop, buttons.stop, tr("Stop"), tr("Stopping…"), "Ctrl+.")
        self._show(self.restart, buttons.restart, tr("Restart"), tr("Restarting…"), "Ctrl+Shift+R")
        if had_focus:
            self._keep_focus()
        self.tick()

    def tick(self) -> None:
        """Show the time as it is now."""
        state = present.state(self._session, tr)
        self._glyph.show_shape(state.shape, state.tone)
        set_property(self.state, "tone", state.tone.value)
        self.state.setText(present.state_line(self._session, self._runs_on, self._now(), tr))
        self.state.setAccessibleName(self.state.text())

    def _show(self, button: QPushButton, how: Button, words: str, busy_words: str, shortcut: str) -> None:
        button.setVisible(how is not Button.HIDDEN)
        button.setEnabled(how is Button.READY)
        button.setText(busy_words if how is Button.BUSY else words)
        button.setAccessibleName(button.text())
        button.setToolTip(f"{words} ({shortcut})")

    def _keep_focus(self) -> None:
        # What a person can do next takes the place of what they just did; else Qt lets the focus jump anywhere.
        ready = (
            button for button in (self.stop, self.start, self.restart) if button.isEnabled() and not button.isHidden()
        )
        next(ready, self.more).setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_menu(self) -> None:
        corner = self.more.mapToGlobal(QPoint(0, self.more.height() + 2))
        self.menu_requested.emit(self._project.id, corner)
