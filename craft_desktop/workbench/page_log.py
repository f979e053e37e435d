"""What a page says and asks in vain: its console's messages and its failed requests, as lines of the Browser log.

A page is hostile: it may log a million lines. Each kind of line has an allowance of its own, so that a flood of
messages hides no failed request; what is left out is told by number.
"""

import time
from collections.abc import Callable, Sequence

from craft_desktop.model.allowance import Allowance
from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.levels import Level

# A page in a development build says some dozens as it loads; a render loop that logs says sixty a second.
BURST, RATE = 500, 100.0
# Letters of a message, and lines of it: a stack has some dozens.
LONGEST, MOST_LINES = 4_000, 50
# What browsers ask for by themselves; that it is not there is worth a word, not an alarm.
_ASKED_UNASKED = ("/favicon.ico", "/apple-touch-icon", "/.well-known/", "/robots.txt")


class PageLog:
    """Turns what pages say into lines.

    :param tell: told the lines of each message together.
    :param clock: seconds that never go back.
    :param wall: Unix seconds.
    """

    def __init__(
        self,
        tell: Callable[[Sequence[LogLine]], None],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._wall = wall
        self._allowances: dict[tuple[str, str], Allowance] = {}

    def console(self, project_id: str, level: Level, text: str, source: str) -> None:
        """Take a message of a page's console; `source` is `URL:line` or empty."""
        if not self._may(project_id, "messages"):
            return
        first, *rest = text[:LONGEST].splitlines()[:MOST_LINES] or [""]
        head = f"{first}  {source[:LONGEST]}" if source else first
        # What follows is set in, so that it is seen and counted as one message.
        self._say(project_id, level, head, *(f"    {line}" for line in rest))

    def failed(self, project_id: str, method: str, path: str, status: int) -> None:
        """Take a request of a page that was answered with a failure (HTTP status 400 and above)."""
        if self._may(project_id, "failed requests"):
            is_usual = path.startswith(_ASKED_UNASKED) or path.partition("?")[0].endswith(".map")
            level = Level.WARNING if is_usual and status == 404 else Level.ERROR
            self._say(project_id, level, f"{method[:20]} {path[:LONGEST]} {status}")

    def forget(self, project_id: str) -> None:
        """Keep nothing of a project."""
        for key in [key for key in self._allowances if key[0] == project_id]:
            del self._allowances[key]

    def _may(self, project_id: str, what: str) -> bool:
        now = self._clock()
        before = self._allowances.get((project_id, what)) or Allowance.full(BURST, RATE, now)
        may, after = before.ask(now)
        self._allowances[project_id, what] = after
        if may and before.refused:
            self._say(project_id, Level.WARNING, f"… {before.refused:,} {what} were left out")
        elif not may and not before.refused:
            self._say(project_id, Level.WARNING, f"The page makes too many {what}: {RATE:.0f} a second are shown")
        return may

    def _say(self, project_id: str, level: Level, *texts: str) -> None:
        at = self._wall()
        self._tell([LogLine(project_id, Stream.BROWSER, text, at, level) for text in texts])
