"""A diagnosis: what was looked at, how each look ended, and what to do about it.

Two things are examined: this machine (a `Report`), and one project's preview (a `Diagnosis`).
"""

from dataclasses import dataclass
from enum import StrEnum

from craft_desktop.model.errors import Action
from craft_desktop.model.places import Place


class Grade(StrEnum):
    """How a check ended."""

    OK = "ok"
    LIMITED = "limited"
    """It works, with something missing that a person should know of."""
    MISSING = "missing"
    """Previews on this computer cannot run without it."""
    BAD = "bad"
    """It keeps the page from showing."""
    UNKNOWN = "unknown"
    """It could not be looked at; the detail says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `name` what was looked at, `detail` what was found, `remedy` what to do (empty when OK).

    `id` names the check for good; `action` is what a button beside the remedy does, `place` where the cause stands.
    """

    name: str
    grade: Grade
    detail: str
    remedy: str = ""
    id: str = ""
    action: Action = Action.NONE
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All findings."""

    checks: tuple[Check, ...]

    @property
    def is_usable(self) -> bool:
        """Can a preview run on this computer?"""
        return all(check.grade is not Grade.MISSING for check in self.checks)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: an address and a port of the sandbox, and the process that holds the socket."""

    address: str
    port: int
    pid: int
    command: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the dev server's tree; `state` is the kernel's letter (R, S, D, T, Z; proc(5))."""

    pid: int
    memory_bytes: int
    state: str
    command: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an examination of one preview found: the checks, and what everybody looks at first.

    `seconds` is how long it took; `tail` the last lines of the log.
    """

    checks: tuple[Check, ...]
    listeners: tuple[Listener, ...] = ()
    processes: tuple[Process, ...] = ()
    tail: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def worst_first(self) -> tuple[Check, ...]:
        """Give the checks as a person wants to read them; of one grade, in the order of a start."""
        return tuple(sorted(self.checks, key=lambda check: _ORDER.index(check.grade)))

    @property
    def is_clean(self) -> bool:
        """Was nothing found?"""
        return all(check.grade in (Grade.OK, Grade.UNKNOWN) for check in self.checks)


_ORDER = (Grade.BAD, Grade.MISSING, Grade.LIMITED, Grade.UNKNOWN, Grade.OK)
