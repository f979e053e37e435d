"""The environment dialogs that are open: one for each project, gone with what it held once it is closed."""

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from craft_desktop.model.errors import Problem
from craft_desktop.model.project import Project
from craft_desktop.model.session import Session
from craft_desktop.store.secrets import KeySource
from craft_desktop.ui.environment_bridge import EnvironmentBridge, Surroundings, Wish
from craft_desktop.ui.environment_dialog import EnvironmentDialog
from craft_desktop.ui.icons import Icons


class EnvironmentDialogs(QObject):
    """Passes on what each wants, with its project's id, and hands it what it is told."""

    look_requested = Signal(str)
    reveal_requested = Signal(str, str)
    save_requested = Signal(str, object, object)
    save_cancelled = Signal(str)

    def __init__(self, icons: Icons, window: QWidget) -> None:
        super().__init__(window)
        self._icons, self._window = icons, window
        self._open: dict[str, EnvironmentDialog] = {}

    def attach(self, variables: EnvironmentBridge) -> None:
        """Connect with what asks the workbench; the main window calls this once."""
        self.look_requested.connect(variables.look)
        self.reveal_requested.connect(variables.reveal)
        self.save_requested.connect(variables.save)
        self.save_cancelled.connect(variables.cancel)
        variables.looked.connect(self.show_around)
        variables.revealed.connect(self.show_value)
        variables.saved.connect(self.show_saved)
        variables.cancelled.connect(self.show_cancelled)
        variables.failed.connect(self.show_problem)

    def open(self, project: Project, session: Session) -> None:
        """Open a project's variables, or bring them to the front."""
        key = project.id
        dialog = self._open.get(key)
        if dialog is None:
            dialog = self._open[key] = EnvironmentDialog(project, self._icons, self._window)
            dialog.reveal_requested.connect(lambda name: self.reveal_requested.emit(key, name))
            dialog.save_requested.connect(lambda put, drop: self.save_requested.emit(key, put, drop))
            dialog.save_cancelled.connect(lambda: self.save_cancelled.emit(key))
            dialog.closed.connect(lambda: self._forget(key))
        dialog.show_running(session.is_active)
        self.look_requested.emit(key)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def show_around(self, project_id: str, around: Surroundings) -> None:
        """Show what there is."""
        if project_id in self._open:
            self._open[project_id].show_around(around)

    def show_value(self, project_id: str, name: str, value: str) -> None:
        """Show a value that was asked for."""
        if project_id in self._open:
            self._open[project_id].show_value(name, value)

    def show_saved(self, project_id: str, place: KeySource, names: Collection[str]) -> None:
        """Everything is in force."""
        if project_id in self._open:
            self._open[project_id].show_saved(place, names)

    def show_cancelled(self, project_id: str) -> None:
        """Nothing was saved, as the person wished."""
        if project_id in self._open:
            self._open[project_id].show_cancelled()

    def show_problem(self, project_id: str, wish: Wish, problem: Problem) -> None:
        """Say what went wrong."""
        if project_id in self._open:
            self._open[project_id].show_problem(wish, problem)

    def show_session(self, session: Session) -> None:
        """Say rightly whether saving restarts something."""
        if session.project_id in self._open:
            self._open[session.project_id].show_running(session.is_active)

    def keep_only(self, projects: Collection[Project]) -> None:
        """Close those of projects that are gone."""
        for key in set(self._open) - {project.id for project in projects}:
            self._open[key].abandon()

    def ask_to_leave(self) -> bool:
        """May the program end? What is not saved is asked about, once."""
        asked = [dialog for dialog in self._open.values() if not dialog.ask_to_leave()]
        for dialog in asked:
            dialog.show()
            dialog.raise_()
            dialog.activateWindow()
        return not asked

    def close_all(self) -> None:
        """Close what is open."""
        for dialog in tuple(self._open.values()):
            dialog.abandon()

    def _forget(self, project_id: str) -> None:
        self._open.pop(project_id).deleteLater()
