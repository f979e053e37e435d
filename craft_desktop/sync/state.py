"""What a screen says about a sync: how far it is, when it was verified, and what it asks."""

from dataclasses import dataclass
from enum import StrEnum

from craft_desktop.model.errors import Problem


class HaltReason(StrEnum):
    """Why nothing is sent."""

    GONE = "gone"
    """The folder was deleted, moved or unmounted."""
    EMPTIED = "emptied"
    """The folder is there and holds no file of the project any more."""


@dataclass(frozen=True, slots=True)
class Halt:
    """The sync stands still and asks: send the emptiness, or wait for the files to come back?

    `is_waiting` once the person has answered to wait, or the emptiness of a folder that is gone was sent: there is
    nothing more to ask. It goes on by itself when files are there again, whatever was answered.
    """

    reason: HaltReason
    problem: Problem
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class SyncState:
    """A sync at one moment.

    `revision` counts the pushes that changed something; `verified_at` is when hashes taken in the sandbox were last
    found equal to the folder's (seconds since 1970; None: not yet); `pending` counts the paths told and not yet
    answered for; `is_polling` says that the system cannot watch the folder, which is looked at every second instead.
    """

    revision: int = 0
    verified_at: float | None = None
    pending: int = 0
    halted: Halt | None = None
    is_polling: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """A comparison by hashes: how many things were compared, what differed and was sent again, and how long it took.

    `is_equal` says that in the end all was equal: False where something in the sandbox keeps rewriting what was sent. A
    file or two that its tools rewrite are left so and do not count; `left` names those that are from now on.
    """

    files: int
    drifted: tuple[str, ...]
    took_ms: float
    is_equal: bool = True
    left: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Give what a person is told of it, a line each; nothing where all was equal."""
        left = (f"{at}: left as a tool in the sandbox rewrites it, until you change it" for at in self.left)
        if not self.drifted:
            return tuple(left)
        # More names than these tell a person nothing more.
        return (f"Repaired in the sandbox: {', '.join(self.drifted[:10])}", *left)
