"""The panes of all projects, one in sight: made when first looked at, kept while the project is on the list."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from craft_desktop.model.events import LogLine
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Session
from craft_desktop.ui.empty_state import EmptyState
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.page_keeper import PageKeeper
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.project_pane import SHARES, ProjectPane
from craft_desktop.ui.theme import Theme

ROOM = 1_000
"""Stands for a splitter's height where only the shares of it matter."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a new pane shows at first."""

    session: Session
    runs_on: Provider
    log: tuple[LogLine, ...]
    address: str


class PaneStack(QStackedWidget):
    """Holds the panes.

    :param pages: the folder below which each project's page keeps its cookies and storage.
    :param begin: gives what a new pane shows at first.
    """

    pane_made = Signal(object)
    """A new `ProjectPane`, before it shows anything: time to connect it."""

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        now: Callable[[], float],
        placement: Placement,
        pages: Path,
        begin: Callable[[Project], Start],
    ) -> None:
        super().__init__()
        self._theme, self._icons, self._now = theme, icons, now
        self._placement, self._pages, self._begin = placement, pages, begin
        self._panes: dict[str, ProjectPane] = {}
        self.empty_state = EmptyState(theme, icons)
        self.addWidget(self.empty_state)
        self.keeper = PageKeeper(self, lambda: {key: pane.preview for key, pane in self._panes.items()})
        self.keeper.sized.connect(lambda key, size: self._panes[key].log_pane.health.show_page(size))

    @property
    def current(self) -> ProjectPane | None:
        """The pane in sight; None while the empty state is."""
        shown = self.currentWidget()
        return shown if isinstance(shown, ProjectPane) else None

    def made(self, project_id: str) -> ProjectPane | None:
        """Give a project's pane if it was looked at before."""
        return self._panes.get(project_id)

    def pane(self, project: Project) -> ProjectPane:
        """Give a project's pane; it is made if there is none."""
        return self._panes.get(project.id) or self._make(project)

    def show_pane(self, project: Project) -> ProjectPane:
        """Bring a project's pane into sight, its splitter where a person put the last one."""
        pane = self.pane(project)
        self.setCurrentWidget(pane)
        self._placement.restore_splitter("page", pane.splitter, pane.splitter.sizes())
        return pane

    def show_empty(self) -> None:
        """Bring the empty state into sight."""
        self.setCurrentWidget(self.empty_state)

    def keep_only(self, project_ids: set[str]) -> None:
        """Take away the panes of projects that are no longer on the list."""
        for gone in self._panes.keys() - project_ids:
            pane = self._panes.pop(gone)
            pane.close_page()
            self.removeWidget(pane)
            pane.deleteLater()

    def close_pages(self) -> None:
        """End every page."""
        for pane in self._panes.values():
            pane.close_page()

    def _make(self, project: Project) -> ProjectPane:
        start = self._begin(project)
        look = self._placement.look(project.id)
        folder = self._pages / project.id
        pane = ProjectPane(self._theme, self._icons, self._now, project, start.address, folder, look, self)
        self.pane_made.emit(pane)
        pane.look_changed.connect(self._placement.keep_look)
        pane.splitter.splitterMoved.connect(lambda: self._placement.keep_splitter("page", pane.splitter))
        self._placement.restore_splitter("page", pane.splitter, [ROOM * share for share in SHARES])
        pane.add_log(start.log)
        pane.show_session(start.session, start.runs_on)
        self._panes[project.id] = pane
        self.addWidget(pane)
        return pane
