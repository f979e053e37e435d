"""What the four operations on a project answer (open, status, close, health), and how far a restart goes. The window,
the API and the command line use the same values."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from craft_desktop.model.session import Session
from craft_desktop.model.settings import WhenIdle


class OpenStatus(StrEnum):
    """What an open found."""

    CREATED = "created"
    """A run was started."""
    RUNNING = "running"
    """It ran already, or was on its way."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The answer to open: `session` when it was live or had failed; `files_updated` were sent because they differed."""

    status: OpenStatus
    session: Session
    files_updated: int


class RunState(StrEnum):
    """What a status says."""

    RUNNING = "running"
    """Something of it runs, sleeps, or is about to run."""
    INACTIVE = "inactive"
    """Nothing of it runs."""


@dataclass(frozen=True, slots=True)
class Status:
    """The answer to status."""

    state: RunState
    session: Session


@dataclass(frozen=True, slots=True)
class Idleness:
    """How long nobody has used a project, and what becomes of it when (seconds; None: nothing counts down)."""

    idle_s: float
    rest_in_s: float | None
    then: WhenIdle


@dataclass(frozen=True, slots=True)
class Health:
    """The answer to health: whether the page answers, seconds since the last use, seconds until it goes to rest.

    `timeout_in_s` is None while it does not run, and where no limit is set.
    """

    is_healthy: bool
    session: Session
    idle_s: float
    timeout_in_s: float | None


class Wipe(IntEnum):
    """What is deleted in the sandbox before the dev server starts anew; the person's folder is never touched."""

    NOTHING = 0
    """All of it stays."""
    BUILT = 1
    """What frameworks built and cached goes (`.next` and its like)."""
    INSTALLED = 2
    """The dependencies go as well, and are installed anew."""
