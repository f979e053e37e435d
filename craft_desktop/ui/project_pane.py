"""All that is shown of one project: header, message bar, page or panel, steps, logs."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import shiboken6
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import CompileChanged, LogLine, Measured, Pushed, SaveSeen, Stream, SyncChanged
from craft_desktop.model.levels import Level
from craft_desktop.model.operations import Idleness
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.report import Check, Diagnosis
from craft_desktop.model.session import Phase, Session
from craft_desktop.ui.doctor_panel import WIDTH, DoctorPanel
from craft_desktop.ui.header import Header
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_pane import LogPane
from craft_desktop.ui.message_bar import MessageBar
from craft_desktop.ui.parts import line
from craft_desktop.ui.placement import Look
from craft_desktop.ui.present import HAS_PROBLEM
from craft_desktop.ui.preview_pane import PAGE_COMMANDS, PreviewPane
from craft_desktop.ui.splitter import Splitter
from craft_desktop.ui.stepper import Stepper
from craft_desktop.ui.theme import Theme
from craft_desktop.ui.words import tr
from craft_desktop.workbench.doctor import ALL_CHECKS

LEAST_PREVIEW, LEAST_LOG = 140, 64
"""Below these heights neither is of use; together with the rest they fit a window of 440."""

LEAST_BESIDE = 420
"""What a page and its bar need beside the doctor."""
MOST_WIDTH = 16_777_215
"""Qt's own QWIDGETSIZE_MAX: no bound."""

SHARES = (5, 3)
"""Page and logs, while a person has not moved the line between them."""

STREAM_OF_PHASE = {
    Phase.INSTALLING: Stream.INSTALL,
    Phase.STARTING: Stream.SERVER,
    Phase.WAITING: Stream.SERVER,
    Phase.BROKEN: Stream.SERVER,
}
"""The log that tells what goes on in a phase."""


class ProjectPane(QWidget):
    """One project. Every intention carries the project's id."""

    commanded = Signal(str, str)
    """A command's name (`commands.COMMANDS`) and the project's id."""
    remedy_requested = Signal(str, Action)
    menu_requested = Signal(str, QPoint)
    outside_requested = Signal(str)
    save_log_requested = Signal(str, Stream, Path)
    look_changed = Signal(str, object)
    """The project's id and a `Look`."""
    used = Signal(str)
    """A person is at the preview's own window."""
    place_requested = Signal(str, object)
    """A project's id and the `Place` that a person wants to see."""
    painted = Signal(str, object)
    """A project's id and a tuple of `Frame`: those in which its page changed lately."""
    examine_requested = Signal(str, object)
    """A project's id, and the `PageSeen` of its page; None where nobody looks at it."""
    console_said = Signal(str, Level, str, str)
    """A project's id, and what its page said to its console: level, words, source."""

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        now: Callable[[], float],
        project: Project,
        address: str,
        folder: Path,
        look: Look,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("projectPane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        key = project.id
        self.project = project
        self.session = Session(key)
        self.last_push: Pushed | None = None
        self.last_seen: SaveSeen | None = None
        self.sync: SyncChanged | None = None
        self.idleness: Idleness | None = None
        self._compiling = CompileChanged(key)
        self._compile_problem: Problem | None = None
        # Each part is made in its place: one that is moved there is styled anew, with all that stands in it.
        self.header = Header(theme, icons, now, project, self)
        self.message_bar = MessageBar(theme, icons, self)
        self.splitter = Splitter("pageSplitter", Qt.Orientation.Vertical, tr("Height of the logs"), self)
        self.preview = PreviewPane(theme, icons, now, address, folder, look, parent=self.splitter)
        lower = QWidget(self.splitter)
        self.strip = Stepper(theme, now, parent=lower)
        self.strip.hide()
        self.log_pane = LogPane(theme, icons, project.slug, now, lower)

        self.header.start_requested.connect(lambda: self.commanded.emit("start", key))
        self.header.stop_requested.connect(lambda: self.commanded.emit("stop", key))
        self.header.restart_requested.connect(lambda: self.commanded.emit("restart", key))
        self.header.menu_requested.connect(self.menu_requested)
        self.preview.command_requested.connect(lambda name: self.commanded.emit(name, key))
        self.preview.remedy_requested.connect(lambda action: self.remedy_requested.emit(key, action))
        self.preview.outside_requested.connect(self.outside_requested)
        self.preview.look_changed.connect(lambda look: self.look_changed.emit(key, look))
        self.preview.used.connect(lambda: self.used.emit(key))
        self.preview.show_name(project.name)
        self.preview.console.connect(lambda level, text, at: self.console_said.emit(key, Level(level), text, at))
        self.preview.painted.connect(lambda frames: self.painted.emit(key, frames))
        self.preview.loading.connect(self.log_pane.forget_errors)
        self.message_bar.remedy_requested.connect(self._remedy)
        self.log_pane.place_requested.connect(lambda place: self.place_requested.emit(key, place))
        self.log_pane.save_requested.connect(lambda stream, path: self.save_log_requested.emit(key, stream, path))

        lower_column = QVBoxLayout(lower)
        lower_column.setContentsMargins(0, 0, 0, 0)
        lower_column.setSpacing(0)
        lower_column.addWidget(self.strip)
        lower_column.addWidget(self.log_pane, 1)
        self.preview.setMinimumHeight(LEAST_PREVIEW)
        self.log_pane.stack.setMinimumHeight(LEAST_LOG)
        self.splitter.addWidget(self.preview)
        self.splitter.addWidget(lower)
        for place, share in enumerate(SHARES):
            self.splitter.setStretchFactor(place, share)
        self.doctor: DoctorPanel | None = None  # made when first wanted: it has a row for each check
        self._before_doctor: QWidget | None = None
        self._make_doctor: Callable[[], DoctorPanel] = lambda: DoctorPanel(theme, icons, ALL_CHECKS, self.project.name)
        self._beside = QHBoxLayout()
        self._beside.setSpacing(0)
        self._beside.addWidget(self.splitter, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(line())
        column.addWidget(self.message_bar)
        column.addLayout(self._beside, 1)

    def show_project(self, project: Project) -> None:
        """Show the project as it is now."""
        self.project = project
        self.header.show_project(project)
        self.preview.show_name(project.name)

    def show_session(self, session: Session, runs_on: Provider) -> None:
        """Show the run."""
        was, self.session = self.session.phase, session
        if session.phase is Phase.CREATING and was is not Phase.CREATING:
            self.message_bar.clear()  # what it says is of an earlier run
            self.last_push = self.last_seen = self.sync = None
            self._compile_problem = None
        self.header.show_session(session, runs_on)
        self.preview.show_session(session)
        self.log_pane.health.show_session(session)
        self.strip.show_session(session)
        # While it starts, the panel shows the steps in large; when it never ran, there are none.
        self.strip.setVisible(session.phase in (Phase.LIVE, *HAS_PROBLEM))
        is_shown = session.is_for_save and session.phase is not Phase.BROKEN  # the page stays, and the log beside it
        if session.phase is not was and session.phase in STREAM_OF_PHASE and not is_shown:
            self.log_pane.show_stream(STREAM_OF_PHASE[session.phase])

    def show_compiling(self, compiling: CompileChanged) -> None:
        """Say why the project does not compile, until it does."""
        if self._compile_problem is not None and self.message_bar.problem is self._compile_problem:
            self.message_bar.clear()
        self._compiling, self._compile_problem = compiling, None
        if compiling.title:
            has_place = compiling.place is not None
            self._compile_problem = Problem(
                compiling.title,
                tr("The dev server cannot compile {0}.").format(compiling.place.path if compiling.place else tr("it")),
                tr("Correct it and save: this goes away when it compiles. The Dev server log has all of it."),
                Action.OPEN_PLACE if has_place else Action.NONE,
            )
            self.message_bar.show_problem(self._compile_problem, compiling.place.label if compiling.place else "")

    def show_measured(self, measured: Measured) -> None:
        """Show what the sandbox uses."""
        self.log_pane.health.show_measured(measured)

    def show_idleness(self, idleness: Idleness) -> None:
        """Show how long nobody has used it."""
        self.idleness = idleness
        self.log_pane.health.show_idleness(idleness)

    @property
    def measured(self) -> Measured | None:
        """The last measurement of this run."""
        return self.log_pane.health.last

    def show_sync(self, event: Pushed | SyncChanged) -> None:
        """Remember the last push, and how the sandbox stands, for the status bar."""
        if isinstance(event, Pushed):
            self.last_push = event
            if self.sync is not None:  # a push that changed something is a revision; how all stands is told less often
                self.sync = replace(self.sync, revision=event.revision)
            self.preview.with_page(lambda web: web.watch_paints())
        else:
            self.sync = event

    def show_save(self, seen: SaveSeen) -> None:
        """Show how long the last save took to the screen."""
        self.last_seen = seen
        self.preview.with_page(lambda web: web.rest_paints())

    def add_log(self, lines: Iterable[LogLine]) -> None:
        """Show lines of the logs."""
        self.log_pane.add(lines)

    def add_line(self, line_of_log: LogLine) -> None:
        """Show one line."""
        self.log_pane.add_line(line_of_log)

    def toggle_doctor(self) -> None:
        """Open the doctor beside the page and let it look; close it where a person is at it."""
        if self._is_doctor_open and self.doctor is not None and self.doctor.has_focus:
            self.close_doctor()
            return
        doctor = self.doctor = self.doctor or self._add_doctor()
        doctor.show()
        self._make_room()
        self._examine()
        self._before_doctor = QApplication.focusWidget()
        doctor.area.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_doctor(self) -> None:
        """Close the doctor and go back to where a person was; to the header where that is gone."""
        if self.doctor is not None:
            had_focus, before = self.doctor.has_focus, self._before_doctor
            self._before_doctor = None
            self.doctor.hide()
            self._make_room()
            is_there = before is not None and shiboken6.isValid(before) and before.isVisible() and before.isEnabled()
            if had_focus:
                back = before if before is not None and is_there else self.header.more
                back.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_check(self, check: Check) -> None:
        """Show a check that the doctor has just made."""
        if self.doctor is not None:
            self.doctor.show_check(check)

    def show_diagnosis(self, diagnosis: Diagnosis | None) -> None:
        """Show what an examination came to."""
        if self.doctor is not None:
            self.doctor.show_diagnosis(diagnosis)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the doctor have the room alone where there is not enough for both."""
        super().resizeEvent(event)
        self._make_room()

    @property
    def _is_doctor_open(self) -> bool:
        return self.doctor is not None and not self.doctor.isHidden()

    def _add_doctor(self) -> DoctorPanel:
        made, key = self._make_doctor(), self.project.id
        made.asked.connect(self._examine)
        made.closed.connect(self.close_doctor)
        made.remedy_requested.connect(lambda action: self.remedy_requested.emit(key, action))
        made.place_requested.connect(lambda place: self.place_requested.emit(key, place))
        self._beside.addWidget(made)
        return made

    def _examine(self) -> None:
        if self.doctor is not None:
            self.doctor.begin()
            self.preview.look_at_page(lambda seen: self.examine_requested.emit(self.project.id, seen))

    def _make_room(self) -> None:
        is_open, is_narrow = self._is_doctor_open, self.width() < LEAST_BESIDE + WIDTH
        self.splitter.setVisible(not (is_open and is_narrow))
        if self.doctor is not None:
            # No least width: it would keep the window from ever becoming narrow enough.
            self.doctor.setMaximumWidth(MOST_WIDTH if is_narrow else WIDTH)

    def tick(self) -> None:
        """Show the times as they are now."""
        self.header.tick()
        self.preview.tick()
        if self.log_pane.is_health_shown:
            self.log_pane.health.tick()

    def _remedy(self, action: Action) -> None:
        if action is not Action.OPEN_PLACE:
            self.remedy_requested.emit(self.project.id, action)
        elif self._compiling.place is not None:
            self.place_requested.emit(self.project.id, self._compiling.place)

    def close_page(self) -> None:
        """End the page."""
        self.preview.close_page()


PANE_COMMANDS: dict[str, Callable[[ProjectPane], None]] = {
    **{name: lambda pane, act=act: act(pane.preview) for name, act in PAGE_COMMANDS.items()},  # type: ignore[misc]
    "doctor": lambda pane: pane.toggle_doctor(),
    "find": lambda pane: pane.log_pane.open_search(),
    "find-next": lambda pane: pane.log_pane.find_bar.step(1),
    "find-previous": lambda pane: pane.log_pane.find_bar.step(-1),
}
"""What a command of the window does with the pane in front."""
