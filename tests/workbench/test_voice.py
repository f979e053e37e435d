from craft_desktop.model.errors import Problem
from craft_desktop.model.events import Event, LogLine, Notice, Stream
from craft_desktop.model.session import Session
from craft_desktop.workbench.voice import Voice


def test_lines_and_notices_carry_the_project() -> None:
    told: list[Event] = []
    voice = Voice(lambda _: None, told.append, lambda: Session("p1"))
    voice.line(Stream.SERVER)("ready")
    problem = Problem("Title", "detail", "remedy")
    voice.notice(problem)
    lines = [(event.project_id, event.stream, event.text) for event in told if isinstance(event, LogLine)]
    assert lines == [("p1", Stream.SERVER, "ready"), ("p1", Stream.ACTIVITY, "Title: detail")]
    assert told[-1] == Notice("p1", problem)
    voice.over(problem)
    assert told[-1] == Notice("p1", problem, is_over=True) and len(told) == 4
