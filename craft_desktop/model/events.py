"""What the workbench announces: values that a window, a command line or a test may show."""

from dataclasses import dataclass
from enum import StrEnum

from craft_desktop.model.errors import Problem
from craft_desktop.model.levels import Level
from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.saved import Saved
from craft_desktop.model.session import Session
from craft_desktop.model.settings import Settings


class Stream(StrEnum):
    """Where a line of a project's log comes from."""

    INSTALL = "install"
    SERVER = "server"
    BROWSER = "browser"
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
    """One line, without its line end, colours kept (ANSI); `at` in Unix seconds.

    `level` is None where only its words tell how grave it is (`levels.level_of`). `is_divider`: it is the program's own
    and stands between what was before a new start and what came after.
    """

    project_id: str
    stream: Stream
    text: str
    at: float
    level: Level | None = None
    is_divider: bool = False


@dataclass(frozen=True, slots=True)
class Pushed:
    """A batch of edits is in the sandbox. `duration_ms` from noticing the edit to the sandbox's answer.

    `saved_at` is when the newest of its files was written, `at` when the sandbox answered (Unix seconds). None: nobody
    knows, for files were only deleted, or bear the times of what they were copied from.
    """

    project_id: str
    files: int
    deleted: int
    size_bytes: int
    duration_ms: float
    revision: int
    saved_at: float | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class SyncChanged:
    """How the sandbox stands to the folder.

    `revision` counts the pushes that changed something; `verified_at` is when hashes taken in the sandbox were last
    found equal to the folder's (Unix seconds; None: not yet). While `is_halted`, the folder is gone or emptied and
    nothing is sent; while `is_polling`, the system cannot watch the folder, which is looked at every second.
    """

    project_id: str
    revision: int = 0
    verified_at: float | None = None
    is_halted: bool = False
    is_polling: bool = False


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """These settings are in force now."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know; `project_id` is None for the program as a whole.

    `is_over`: it was told before, and is so no more.
    """

    project_id: str | None
    problem: Problem
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What a project's sandbox used at `at` (Unix seconds).

    `cpu_percent` is 0 to 100 of all processors that it may use; a limit of 0 bytes is one nobody knows.
    """

    project_id: str
    at: float
    cpu_percent: float
    memory_bytes: int
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class SaveSeen:
    """A save became visible in the window's page; `usual` has the medians of the last ones."""

    project_id: str
    saved: Saved
    usual: Saved


@dataclass(frozen=True, slots=True)
class CompileChanged:
    """The dev server cannot compile the project (`title` says why, `place` where), or, with no title, can again."""

    project_id: str
    title: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class PageStale:
    """What a page shows was saved, and no dev server tells it so: who has it in a window loads it anew."""

    project_id: str


Event = (
    ProjectsChanged
    | SessionChanged
    | SettingsChanged
    | LogLine
    | Pushed
    | SyncChanged
    | Notice
    | Measured
    | SaveSeen
    | CompileChanged
    | PageStale
)
