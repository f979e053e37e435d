"""Every failure a person may meet: a headline, the facts, and the next step.

    CraftError
    ├── ProjectError        the folder or its package.json is not what it must be
    │   └── ChoiceError             it holds several projects; one of them must be chosen
    ├── SettingError        a setting's value is refused
    ├── SecretError         the system keyring is missing, locked or refuses
    ├── VariableError       an environment variable is refused
    ├── ControlError        the running program cannot be asked, or refuses
    │   └── NotRunningError         no program runs
    ├── SyncError           the folder could not be copied into the sandbox
    │   └── DiskFullError           there is no room left in it
    ├── SandboxError        the sandbox or its provider failed
    │   ├── SandboxGoneError        it was there, and is no more
    │   ├── SandboxRefusedError     the key is missing, wrong or not allowed
    │   ├── SandboxBusyError        the provider asks to come back later
    │   ├── SandboxUnreachableError the network or the provider does not answer
    │   └── ConsentNeededError      it would run unisolated, and nobody has agreed to that
    ├── InstallError        the dependencies could not be installed
    ├── ServerError         the dev server failed
    └── GatewayError        the preview address could not be opened

Foreign errors are translated into these once, at the door of the module that owns the foreign library.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path


class Action(StrEnum):
    """What a remedy's button does; a command line shows the remedy's words alone."""

    NONE = "none"
    START = "start"
    RESTART = "restart"
    OPEN_FOLDER = "open-folder"
    OPEN_SETTINGS = "open-settings"
    ALLOW_UNISOLATED = "allow-unisolated"
    REMOVE_PROJECT = "remove-project"
    SEND_EMPTINESS = "send-emptiness"
    OPEN_PLACE = "open-place"
    RESTART_CLEAN = "restart-clean"
    REINSTALL = "reinstall"
    OPEN_ENVIRONMENT = "open-environment"


_ENDED = re.compile(r"\bexit code\b|^It printed nothing\b")
"""What a failure's facts begin with: that a command ended, which the red colour says already."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure as a value, for screens, logs and events.

    `title` is a headline without a full stop, `detail` the facts (may be several lines), `remedy` the next step
    as a sentence, `action` what a button beside it does.
    """

    title: str
    detail: str
    remedy: str
    action: Action = Action.NONE

    @property
    def in_one(self) -> str:
        """Give all of it as sentences in one paragraph, where there is no room for a headline."""
        return " ".join(part for part in (f"{self.title}.", self.detail, self.remedy) if part)

    @property
    def first_line(self) -> str:
        """Give the first line that says what went wrong: of what was printed, where that is told; else the headline."""
        told = (line.strip() for line in self.detail.splitlines())
        return next((line for line in told if line and not _ENDED.search(line)), self.title)


def struck(problem: Problem, strike: Callable[[str], str]) -> Problem:
    """Give a problem whose words went through `strike`, which takes secrets out of a text."""
    return replace(problem, title=strike(problem.title), detail=strike(problem.detail), remedy=strike(problem.remedy))


class CraftError(Exception):
    """An expected failure, told to the person as it is.

    :param title: a headline without a full stop.
    :param detail: the facts; may be several lines.
    :param remedy: the next step, as a sentence.
    :param action: what a button beside the remedy does.
    """

    def __init__(self, title: str, detail: str, remedy: str, action: Action = Action.NONE) -> None:
        super().__init__(title, detail, remedy, action)
        self.problem = Problem(title, detail, remedy, action)

    def __str__(self) -> str:
        return f"{self.problem.title}: {self.problem.detail}"


class ProjectError(CraftError):
    """The folder or its package.json is not what it must be."""


class ChoiceError(ProjectError):
    """The folder holds several projects; `choices` names each, with its folder, to be added instead."""

    def __init__(
        self,
        title: str,
        detail: str,
        remedy: str,
        action: Action = Action.NONE,
        choices: tuple[tuple[str, Path], ...] = (),
    ) -> None:
        super().__init__(title, detail, remedy, action)
        self.choices = choices


class SettingError(CraftError):
    """A setting's value is refused; the old value stays."""


class SecretError(CraftError):
    """The system keyring is missing, locked or refuses."""


class VariableError(CraftError):
    """An environment variable is refused; the old ones stay."""


class ControlError(CraftError):
    """The running program cannot be asked, or it refuses."""


class NotRunningError(ControlError):
    """No program runs that could be asked."""


class SyncError(CraftError):
    """The folder could not be copied into the sandbox."""


class DiskFullError(SyncError):
    """There is no room left in the sandbox."""


class SandboxError(CraftError):
    """The sandbox or its provider failed."""


class SandboxGoneError(SandboxError):
    """The sandbox was there, and is no more."""


class SandboxRefusedError(SandboxError):
    """The key is missing, wrong or not allowed to do this."""


class SandboxBusyError(SandboxError):
    """The provider asks to come back later."""


class SandboxUnreachableError(SandboxError):
    """The network or the provider does not answer."""


class ConsentNeededError(SandboxError):
    """The project would run unisolated, and nobody has agreed to that."""


class InstallError(CraftError):
    """The dependencies could not be installed."""


class ServerError(CraftError):
    """The dev server failed."""


class GatewayError(CraftError):
    """The preview address could not be opened."""


def unexpected(error: BaseException) -> Problem:
    """Tell a failure nobody foresaw; its traceback is in the log."""
    return Problem(
        "Something unexpected went wrong",
        f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        "Start the project again. The log file has the whole story if it comes back.",
        Action.START,
    )
