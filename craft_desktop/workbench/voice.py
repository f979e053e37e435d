"""How a run makes itself heard: facts, events, lines of its log."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from craft_desktop.model.errors import Problem
from craft_desktop.model.events import Event, LogLine, Notice, Stream
from craft_desktop.model.session import Fact, Session


@dataclass(frozen=True, slots=True)
class Voice:
    """How a run makes itself heard.

    :param tell: told each fact.
    :param announce: told each event.
    :param session: asks for the session as it is now.
    """

    tell: Callable[[Fact], None]
    announce: Callable[[Event], None]
    session: Callable[[], Session]

    def line(self, stream: Stream) -> Callable[[str], None]:
        """Give what takes the lines of one stream of the log."""
        return lambda text: self.announce(LogLine(self.session().project_id, stream, text, time.time()))

    def say(self, text: str) -> None:
        """Write a line of what the program does."""
        self.line(Stream.ACTIVITY)(text)

    def notice(self, problem: Problem) -> None:
        """Tell of something that ends nothing."""
        self.say(f"{problem.title}: {problem.detail}")
        self.announce(Notice(self.session().project_id, problem))

    def over(self, problem: Problem) -> None:
        """Take back what was told by `notice`: it is so no more."""
        self.announce(Notice(self.session().project_id, problem, is_over=True))
