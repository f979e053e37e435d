"""What the workbench announces: values that a window, a command line or a test may show."""

from dataclasses import dataclass
from enum import StrEnum

from craft_desktop.model.errors import Problem
from craft_desktop.model.project import Project
from craft_desktop.model.session import Session


class Stream(StrEnum):
    """Where a line of a project's log comes from."""

    INSTALL = "install"
    SERVER = "server"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class ProjectsChanged:
    """The list of projects is now this one, in the order of last use."""

    projects: tuple[Project, ...]


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A project's run moved."""

    session: Session


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, without its line end, colours kept (ANSI); `at` in Unix seconds."""

    project_id: str
    stream: Stream
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Pushed:
    """A batch of edits is in the sandbox. `duration_ms` from noticing the edit to the sandbox's answer."""

    project_id: str
    files: int
    deleted: int
    size_bytes: int
    duration_ms: float
    revision: int


@dataclass(frozen=True, slots=True)
class Verified:
    """The sandbox's files were compared with the folder's by hash, and what had drifted is repaired.

    `at` in Unix seconds.
    """

    project_id: str
    files: int
    drifted: tuple[str, ...]
    revision: int
    at: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know; `project_id` is None for the program as a whole."""

    project_id: str | None
    problem: Problem


Event = ProjectsChanged | SessionChanged | LogLine | Pushed | Verified | Notice
