"""What a run told of its folder and what lasts until it is mended: then it is taken back.

A message that stays when its cause is gone sends a person after nothing.
"""

from enum import StrEnum

from craft_desktop.model.errors import Problem
from craft_desktop.workbench.voice import Voice


class Cause(StrEnum):
    """What is wrong with the folder; each is told by one problem at a time."""

    MANIFEST = "manifest"
    """It cannot be read, or its package.json."""
    HALT = "halt"
    """It is gone or emptied, and nothing is sent."""


class Lasting:
    """Remembers what was told of each cause."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._told: dict[Cause, Problem] = {}

    def tell(self, cause: Cause, problem: Problem) -> None:
        """Tell of a problem that lasts."""
        self.note(cause, problem)
        self._voice.notice(problem)

    def note(self, cause: Cause, problem: Problem) -> None:
        """Remember a problem that somebody else tells of; it takes the place of its cause's earlier one."""
        if self._told.get(cause) != problem:
            self.mend(cause)
            self._told[cause] = problem

    def mend(self, cause: Cause) -> bool:
        """Take back what was told; False if nothing was."""
        problem = self._told.pop(cause, None)
        if problem is not None:
            self._voice.over(problem)
        return problem is not None
