"""Which lines of a log are of this start; the rest of a visit is in test_doctor.py, with real causes."""

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.levels import Level
from craft_desktop.model.session import Phase, Session
from craft_desktop.workbench.visit import of_this_start

STARTED = Session("p", Phase.LIVE, started_at=100.0)


def line(text: str, at: float, stream: Stream = Stream.SERVER, *, is_divider: bool = False) -> LogLine:
    return LogLine("p", stream, text, at, Level.INFO, is_divider=is_divider)


def test_lines_of_other_starts_and_other_streams_are_left_out() -> None:
    lines = (
        line("an earlier run", 90.0),
        line("installed", 101.0, Stream.INSTALL),
        line("before the restart", 102.0),
        line("what the program did", 103.0, Stream.ACTIVITY),
        line("The dev server starts again", 104.0, is_divider=True),
        line("after it", 105.0),
    )
    assert [each.text for each in of_this_start(lines, STARTED)] == ["installed", "after it"]


def test_a_project_that_never_ran_has_none() -> None:
    assert of_this_start((line("a", 1.0),), Session("p")) == ()
