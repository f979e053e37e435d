"""The window: builds the parts and connects them with the bridge; the only place that connects."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from craft_desktop.model.events import LogLine, Notice, Pushed, SaveSeen, SyncChanged
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Session
from craft_desktop.model.settings import Settings
from craft_desktop.ui import present
from craft_desktop.ui.attention import Attention
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.commands import add_project_keys, fill_menus, make_actions
from craft_desktop.ui.conduct import Conduct, open_outside
from craft_desktop.ui.curtain import Curtain
from craft_desktop.ui.dialogs import Dialogs
from craft_desktop.ui.drop_veil import DropVeil, dropped_paths
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.message_bar import MessageBar
from craft_desktop.ui.palette import Palette
from craft_desktop.ui.pane_stack import PaneStack, Start
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.presence import Presence
from craft_desktop.ui.project_list import ProjectList
from craft_desktop.ui.project_menu import make_menu
from craft_desktop.ui.project_pane import ProjectPane
from craft_desktop.ui.splitter import Splitter
from craft_desktop.ui.status_line import StatusLine
from craft_desktop.ui.theme import Theme
from craft_desktop.ui.tray import rows_of
from craft_desktop.ui.wiring import connect_dialogs
from craft_desktop.ui.words import tr

WIDTH, HEIGHT = 1280, 800
LEAST_WIDTH, LEAST_HEIGHT = 720, 440
"""Everything can still be reached at this size."""
SIDE, LEAST_SIDE, MOST_SIDE = 248, 176, 420
VEIL_MS = 100
"""After this the veil has long had the drag, if it is still over the window."""
TICK_MS = 500
"""Seconds tick in several places; at half a second none is seen to be skipped."""


class MainWindow(QMainWindow):
    """Everything a person sees. It shows what the bridge tells and hands on what the person wants."""

    quit_requested = Signal()

    def __init__(
        self,
        bridge: Bridge,
        theme: Theme,
        icons: Icons,
        placement: Placement,
        pages: Path,
        now: Callable[[], float] = time.time,
    ) -> None:
        """:param pages: the folder below which each project's page keeps its cookies and storage."""
        super().__init__()
        self._bridge, self._theme, self._icons = bridge, theme, icons
        self._placement = placement
        self._projects: dict[str, Project] = {}
        self._wanted = ""
        self.setObjectName("mainWindow")
        self.setWindowTitle(tr("Craft Desktop"))
        self.setMinimumSize(QSize(LEAST_WIDTH, LEAST_HEIGHT))
        self.setAcceptDrops(True)

        self._now = now
        self._attention = Attention(self, lambda: self._with_pane(lambda pane: bridge.touch(pane.project.id)))
        self.project_list = ProjectList(theme, icons, now)
        self.project_list.setMinimumWidth(LEAST_SIDE)
        self.project_list.setMaximumWidth(MOST_SIDE)
        self.message_bar = MessageBar(theme, icons)
        self.panes = PaneStack(theme, icons, now, placement, pages, self._begin)
        self.empty_state = self.panes.empty_state
        content = QWidget()
        content.setObjectName("content")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message_bar)
        column.addWidget(self.panes, 1)
        self.splitter = Splitter("mainSplitter", Qt.Orientation.Horizontal, tr("Width of the list"))
        self.splitter.addWidget(self.project_list)
        self.splitter.addWidget(content)
        self.splitter.setStretchFactor(1, 1)
        self.setCentralWidget(self.splitter)
        self.status_line = StatusLine()
        self.setStatusBar(self.status_line)
        self.veil = DropVeil(theme, icons, self, self._is_listed)
        self.curtain = Curtain(self)
        self.dialogs = Dialogs(icons, self)
        self.conduct = Conduct(
            bridge,
            self.dialogs,
            lambda: self.pane,
            self.status_line.say,
            self.quit_requested.emit,
            lambda: self.project_list.filter.setFocus(Qt.FocusReason.ShortcutFocusReason),
            self._choose,
            self._open_palette,
        )
        self.palette_box = Palette(theme, self)
        self.presence = Presence(self, icons.application(), lambda: rows_of(bridge.projects, bridge.session))
        self.actions_by_name = make_actions(self)
        fill_menus(self.menuBar(), self.actions_by_name)
        add_project_keys(self, self.project_list.choose_row)

        self._connect_parts()
        self._connect_bridge()
        self._ticker = QTimer(self, interval=TICK_MS)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start()
        placement.restore_window(self, WIDTH, HEIGHT)
        placement.follow_window(self)
        placement.restore_splitter("main", self.splitter, [SIDE, WIDTH - SIDE])
        self._wanted = placement.chosen()
        self._show_settings(bridge.settings)
        self._show_projects(bridge.projects)
        (self.project_list.view if bridge.projects else self.empty_state.open_button).setFocus()

    @property
    def pane(self) -> ProjectPane | None:
        """The project in sight."""
        return self.panes.current

    @property
    def is_busy(self) -> bool:
        """Do lines of a log wait to be shown?"""
        panes = (self.panes.made(key) for key in self._projects)
        return any(view.is_busy for pane in panes if pane is not None for view in pane.log_pane.views.values())

    # Connections ----------------------------------------------------------------------------------------------

    def _connect_parts(self) -> None:
        bridge, side = self._bridge, self.project_list
        side.chosen.connect(self._show_project)
        side.opened.connect(self.conduct.start_if_stopped)
        side.menu_requested.connect(self._show_menu)
        side.add_requested.connect(self.dialogs.open_folder)
        self.empty_state.open_requested.connect(self.dialogs.open_folder)
        self.empty_state.sample_requested.connect(bridge.add_sample)
        self.veil.dropped.connect(bridge.add)
        self.palette_box.chosen.connect(self.conduct.command)
        tray = self.presence.tray
        tray.commanded.connect(self.conduct.command)
        tray.show_requested.connect(self.come_forward)
        tray.quit_requested.connect(self.conduct.quit)
        self.message_bar.remedy_requested.connect(lambda action: self.conduct.remedy("", action))
        connect_dialogs(self.dialogs, bridge, self.conduct)
        self.panes.pane_made.connect(self._connect_pane)
        self.splitter.splitterMoved.connect(lambda: self._placement.keep_splitter("main", self.splitter))
        for name, action in self.actions_by_name.items():
            action.triggered.connect(lambda _on=False, name=name: self._command(name))

    def _connect_pane(self, pane: ProjectPane) -> None:
        pane.commanded.connect(self.conduct.command)
        pane.remedy_requested.connect(self.conduct.remedy)
        pane.menu_requested.connect(self._show_menu)
        pane.outside_requested.connect(open_outside)
        pane.used.connect(self._bridge.touch)
        pane.save_log_requested.connect(self._bridge.save_log)
        pane.examine_requested.connect(self._bridge.doctor.examine)
        insight, key = self._bridge.insight, pane.project.id
        pane.place_requested.connect(insight.open_place)
        pane.console_said.connect(insight.note_console)
        pane.painted.connect(insight.note_painted)
        pane.log_pane.is_there = lambda place: insight.is_there(key, place)
        pane.show_compiling(insight.compiling(key))

    def _connect_bridge(self) -> None:
        bridge = self._bridge
        bridge.projects_changed.connect(self._show_projects)
        bridge.session_changed.connect(self._show_session)
        bridge.logged.connect(self._show_line)
        bridge.synced.connect(self._show_sync)
        bridge.noticed.connect(self._show_notice)
        bridge.insight.measured.connect(lambda e: self._with_made(e.project_id, lambda p: p.show_measured(e)))
        bridge.insight.save_seen.connect(self._show_save)
        bridge.insight.compiled.connect(lambda e: self._with_made(e.project_id, lambda p: p.show_compiling(e)))
        bridge.insight.staled.connect(lambda key: self._with_made(key, lambda pane: pane.preview.command("reload")))
        bridge.doctor.checked.connect(lambda key, check: self._with_made(key, lambda p: p.show_check(check)))
        bridge.doctor.examined.connect(lambda key, found: self._with_made(key, lambda p: p.show_diagnosis(found)))
        bridge.insight.failed.connect(lambda key, problem: self._show_notice(Notice(key, problem)))
        environments = self.dialogs.environments
        environments.attach(bridge.environment)
        bridge.session_changed.connect(environments.show_session)
        bridge.projects_changed.connect(environments.keep_only)
        bridge.added.connect(self._show_added)
        bridge.adding_changed.connect(self.empty_state.set_busy)
        bridge.options.changed.connect(self._show_settings)

    def _begin(self, project: Project) -> Start:
        bridge, session = self._bridge, self._bridge.session(project.id)
        return Start(session, self._runs_on(project, session), bridge.log(project.id), bridge.address(project.id))

    # What is shown --------------------------------------------------------------------------------------------

    def _show_projects(self, projects: tuple[Project, ...]) -> None:
        self._projects = {project.id: project for project in projects}
        self.panes.keep_only(set(self._projects))
        self.project_list.show_projects(projects, [self._bridge.session(project.id) for project in projects])
        for project in projects:
            pane = self.panes.made(project.id)
            if pane is not None:
                session = self._bridge.session(project.id)
                pane.show_project(project)
                pane.show_session(session, self._runs_on(project, session))
        if not projects:
            self.panes.show_empty()
            self.setWindowTitle(tr("Craft Desktop"))
        elif self.pane is None:
            self._choose(self._wanted if self._wanted in self._projects else projects[0].id)
        self._heed_pane()

    def _choose(self, project_id: str) -> None:
        if project_id in self._projects:
            self.project_list.choose(project_id)
            self._show_project(project_id)

    def _is_listed(self, folder: Path) -> bool:
        return any(project.path == folder for project in self._projects.values())

    def _show_added(self, project_id: str) -> None:
        self._choose(project_id)
        self.project_list.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_project(self, project_id: str) -> None:
        project = self._projects.get(project_id)
        if project is None:
            return
        self.panes.show_pane(project)
        self._placement.keep_chosen(project_id)
        self.setWindowTitle(tr("{0} – Craft Desktop").format(project.name))
        self._heed_pane()

    def _show_session(self, session: Session) -> None:
        project = self._projects.get(session.project_id)
        if project is None:
            return
        before = self.project_list.model.session(project.id).phase
        self.project_list.show_session(session)
        self.presence.heed(before, session, project)
        pane = self.panes.made(project.id)
        if pane is not None:
            pane.show_session(session, self._runs_on(project, session))
            if pane is self.pane:
                self._heed_pane()

    def _show_line(self, line: LogLine) -> None:
        pane = self.panes.made(line.project_id)
        if pane is not None:  # else it is fetched when the pane is made
            pane.add_line(line)

    def _show_sync(self, event: Pushed | SyncChanged) -> None:
        project = self._projects.get(event.project_id)
        if project is not None:
            self.panes.pane(project).show_sync(event)
            self._show_status()

    def _show_save(self, seen: SaveSeen) -> None:
        self._with_made(seen.project_id, lambda pane: pane.show_save(seen))
        self._show_status()

    def _show_notice(self, notice: Notice) -> None:
        project = self._projects.get(notice.project_id or "")
        bar = self.message_bar if project is None else self.panes.pane(project).message_bar
        if notice.is_over:
            bar.take_back(notice.problem)
        else:
            bar.show_problem(notice.problem)

    def _show_settings(self, settings: Settings) -> None:
        self._theme.choose(settings.theme)
        self.dialogs.show_settings(settings)
        self.presence.show_settings(settings)
        for project in self._projects.values():
            pane = self.panes.made(project.id)
            if pane is not None:
                pane.show_session(pane.session, self._runs_on(project, pane.session))

    def _heed_pane(self) -> None:
        self._show_status()
        if self.curtain.isVisible():
            return  # the program ends; nothing else can be done
        for name, action in self.actions_by_name.items():
            action.setEnabled(self.conduct.is_possible(name))
            action.setChecked(self.conduct.is_ticked(name))

    def _show_status(self) -> None:
        pane, now = self.pane, self._now()
        if pane is None:
            self.status_line.show_session(None, None, None, now)
            self.status_line.show_figures(None, None, None)
        else:
            self.status_line.show_session(pane.session, pane.last_push, pane.sync, now)
            self.status_line.show_figures(pane.session, pane.idleness, pane.measured, pane.last_seen)
            self.status_line.show_pages(self.panes.keeper.sizes, pane.project.id)

    def _tick(self) -> None:
        if not self.isMinimized():
            self.project_list.tick()
            self._with_pane(ProjectPane.tick)
            self._attention.tick()
            self._with_pane(self._look)
            self._show_status()

    def _command(self, name: str) -> None:
        self.conduct.command(name)
        self._heed_pane()  # a tick that Qt has set shows what is in force, until that changes

    def _open_palette(self) -> None:
        self.palette_box.open_with(self.conduct.entries())

    def _look(self, pane: ProjectPane) -> None:
        """See how the project in front stands; one that nobody sees is not measured."""
        if pane.session.is_active:
            self._bridge.insight.look(pane.project.id)
            pane.show_idleness(self._bridge.insight.idleness(pane.project.id))

    def _with_made(self, project_id: str, act: Callable[[ProjectPane], None]) -> None:
        pane = self.panes.made(project_id)
        if pane is not None:
            act(pane)

    def _with_pane(self, act: Callable[[ProjectPane], None]) -> None:
        if self.pane is not None:
            act(self.pane)

    def _show_menu(self, project_id: str, at: QPoint) -> None:
        project = self._projects.get(project_id)
        if project is not None:
            session = self._bridge.session(project_id)
            default = self._bridge.settings.provider
            make_menu(self, project, session, default, self.conduct.command, self._bridge.choose_provider).popup(at)

    # The window itself ----------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Lift the veil over everything when folders come."""
        paths = dropped_paths(event.mimeData())
        if paths:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.veil.lift(paths)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Let the veil fall, unless the drag has only moved on from the window to the veil above it."""
        QTimer.singleShot(VEIL_MS, lambda: None if self.veil.is_over else self.veil.fall())

    def dropEvent(self, event: QDropEvent) -> None:
        """Take a drop that came before the veil was up."""
        self.veil.dropEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what covers the window as large as it."""
        super().resizeEvent(event)
        for cover in (self.veil, self.curtain):
            cover.setGeometry(self.rect())
        self.palette_box.place()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask for the end instead of ending: what runs is stopped first. With an icon in the tray, only hide."""
        event.ignore()
        if not self.presence.goes_to_rest():
            self.conduct.quit()

    def come_forward(self, project_id: str = "") -> None:
        """Bring the window to the front, with a project in sight if one is named."""
        self.presence.come_forward()
        self._choose(project_id)

    def show_stopping(self) -> None:
        """Say that the program is ending; nothing else can be done from here on."""
        self._ticker.stop()
        self.dialogs.close_all()
        self.palette_box.close_palette()
        self.presence.end()
        self.curtain.show_stopping(sum(self._bridge.session(key).is_active for key in self._projects))
        for action in self.actions_by_name.values():
            action.setEnabled(action is self.actions_by_name["quit"])
        self.menuBar().setEnabled(False)
        self.panes.close_pages()  # first, for pages in windows of their own tell where these were
        self._placement.keep_window(self)
        self._placement.write()

    def _runs_on(self, project: Project, session: Session) -> Provider:
        return present.where(project, session, self._bridge.settings.provider)
