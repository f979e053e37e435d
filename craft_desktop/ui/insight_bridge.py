"""What can be seen of a run, between the window and the workbench: figures, compile errors, places in files."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from craft_desktop.model.errors import Problem
from craft_desktop.model.events import CompileChanged, Event, Measured, PageStale, SaveSeen
from craft_desktop.model.levels import Level
from craft_desktop.model.operations import Idleness
from craft_desktop.model.places import Place
from craft_desktop.model.saved import Frame
from craft_desktop.model.settings import Settings
from craft_desktop.ui.editor import EditorOpener
from craft_desktop.ui.words import tr

_log = logging.getLogger(__name__)


class Sight(Protocol):
    """The workbench's insight, as far as a window needs it."""

    def note_console(self, project_id: str, level: Level, text: str, source: str) -> None:
        """A project's page said something to its console."""

    def note_painted(self, project_id: str, frames: Sequence[Frame]) -> None:
        """A project's page changed on the screen lately."""

    def look(self, project_id: str) -> None:
        """Somebody looks at a project's figures."""

    def idleness(self, project_id: str) -> Idleness:
        """Say how long nobody has used a project."""

    def compiling(self, project_id: str) -> CompileChanged:
        """Say whether a project compiles."""

    def locate(self, project_id: str, place: Place) -> Path | None:
        """Give the file that a place means."""


class InsightBridge(QObject):
    """Lives on the loop's thread.

    :param settings: asks for the settings in force.
    """

    measured = Signal(object)
    """A `Measured`."""
    compiled = Signal(object)
    """A `CompileChanged`."""
    staled = Signal(str)
    """The id of a project whose page shows what was saved once it is loaded anew."""
    save_seen = Signal(object)
    """A `SaveSeen`."""
    failed = Signal(str, object)
    """A project's id and the `Problem`: a file was not opened."""

    def __init__(self, sight: Sight, settings: Callable[[], Settings], opener: EditorOpener | None = None) -> None:
        super().__init__()
        self._sight, self._settings = sight, settings
        self._opener = opener or EditorOpener()

    def hear(self, event: Event) -> None:
        """Take an event that is for here."""
        if isinstance(event, Measured):
            self.measured.emit(event)
        elif isinstance(event, SaveSeen):
            self.save_seen.emit(event)
        elif isinstance(event, CompileChanged):
            self.compiled.emit(event)
        elif isinstance(event, PageStale):
            self.staled.emit(event.project_id)

    def note_console(self, project_id: str, level: Level, text: str, source: str) -> None:
        """Hand on what a page said to its console."""
        self._sight.note_console(project_id, level, text, source)

    def note_painted(self, project_id: str, frames: Sequence[Frame]) -> None:
        """Hand on when a page changed on the screen."""
        self._sight.note_painted(project_id, frames)

    def look(self, project_id: str) -> None:
        """Have a project measured while it is looked at; to be repeated every few seconds."""
        self._sight.look(project_id)

    def idleness(self, project_id: str) -> Idleness:
        """Say how long nobody has used a project."""
        return self._sight.idleness(project_id)

    def compiling(self, project_id: str) -> CompileChanged:
        """Say whether a project compiles."""
        return self._sight.compiling(project_id)

    def is_there(self, project_id: str, place: Place) -> bool:
        """Has the project the file that a place names?"""
        return self._sight.locate(project_id, place) is not None

    def open_place(self, project_id: str, place: Place) -> None:
        """Open a place in the person's editor."""
        file = self._sight.locate(project_id, place)
        if file is None:
            problem: Problem | None = Problem(
                tr("{0} is not in the project").format(place.label),
                tr("There is no file {0} in its folder; it may have been moved or deleted.").format(place.path),
                tr("Save the file again, or look at a newer line of the log."),
            )
        else:
            problem = self._opener.open(file, place, self._settings().editor)
        self._tell(project_id, problem)

    def open_folder(self, project_id: str, folder: Path) -> None:
        """Open a project's folder in the person's editor."""
        self._tell(project_id, self._opener.open_folder(folder, self._settings().editor))

    def _tell(self, project_id: str, problem: Problem | None) -> None:
        if problem is not None:
            _log.info("%s: %s", problem.title, problem.detail)
            self.failed.emit(project_id, problem)
