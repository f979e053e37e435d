import pytest

from craft_desktop.model.errors import Problem
from craft_desktop.model.events import CompileChanged, Event, LogLine, Notice, Pushed, SessionChanged, Stream
from craft_desktop.model.places import Place
from craft_desktop.model.session import Phase, Session
from craft_desktop.workbench.logbook import KEPT_LINES, Logbook


@pytest.fixture
def book() -> Logbook:
    return Logbook(lambda text: text.replace("hunter2", "•••"))


def line(text: str, stream: Stream = Stream.SERVER, at: float = 1.0) -> LogLine:
    return LogLine("p1", stream, text, at)


def moved(phase: Phase) -> SessionChanged:
    return SessionChanged(Session("p1", phase))


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, LogLine)]


def test_secrets_are_struck_from_what_is_told_and_kept(book: Logbook) -> None:
    assert texts(book.take(line("key hunter2"))) == ["key •••"] == [kept.text for kept in book.lines("p1")]
    told = book.take(Notice("p1", Problem("hunter2", "hunter2", "hunter2")))
    assert told == [Notice("p1", Problem("•••", "•••", "•••"))]
    pushed = Pushed("p1", 1, 0, 1, 1.0, 1)
    assert book.take(pushed) == [pushed]


def test_a_new_start_is_divided_from_what_was_before(book: Logbook) -> None:
    assert texts(book.take(moved(Phase.STARTING)) + book.take(line("first"))) == ["first"]
    book.take(moved(Phase.STARTING))
    told = book.take(line("second", at=5.0)) + book.take(line("third"))
    assert texts(told) == ["The dev server starts again", "second", "third"]
    assert isinstance(told[0], LogLine) and told[0].is_divider and told[0].at == 5.0
    book.take(line("added 3", Stream.INSTALL))
    book.take(moved(Phase.INSTALLING))
    assert texts(book.take(line("added 4", Stream.INSTALL))) == ["Installing again", "added 4"]
    assert sum(kept.is_divider for kept in book.lines("p1")) == 2


def test_an_install_that_says_nothing_leaves_no_divider(book: Logbook) -> None:
    book.take(line("added 3", Stream.INSTALL))
    book.take(moved(Phase.INSTALLING))
    book.take(moved(Phase.STARTING))
    assert [kept.text for kept in book.lines("p1")] == ["added 3"]


def test_a_flood_in_one_stream_costs_another_nothing(book: Logbook) -> None:
    book.take(line("added 3", Stream.INSTALL, 0.5))
    for number in range(KEPT_LINES + 10):
        book.take(line(str(number), Stream.BROWSER, float(number)))
    kept = book.lines("p1")
    assert len(kept) == KEPT_LINES + 1 and kept[0].text == "added 3"
    assert [each.at for each in kept] == sorted(each.at for each in kept)
    book.forget("p1")
    assert book.lines("p1") == ()


BROKEN = CompileChanged("p1", "Unexpected token", Place("app/page.tsx", 4, 5))


def break_it(book: Logbook) -> list[Event]:
    return book.take(line("⨯ ./app/page.tsx:4:5")) + book.take(line("Error: Unexpected token"))


def test_a_compile_error_is_told_once_and_taken_back(book: Logbook) -> None:
    assert [event for event in break_it(book) if isinstance(event, CompileChanged)] == [BROKEN]
    assert [event for event in break_it(book) if isinstance(event, CompileChanged)] == []
    assert book.compiling("p1") == BROKEN
    assert book.take(line(" ✓ Compiled in 12ms"))[1:] == [CompileChanged("p1")]
    assert book.compiling("p1") == CompileChanged("p1")


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STOPPED, Phase.FAILED])
def test_the_end_of_the_dev_server_takes_it_back(book: Logbook, phase: Phase) -> None:
    break_it(book)
    assert book.take(moved(phase)) == [moved(phase), CompileChanged("p1")]
    break_it(book)
    assert book.take(moved(Phase.ASLEEP)) == [moved(Phase.ASLEEP)]


def test_what_a_page_or_an_install_says_is_no_compile_error(book: Logbook) -> None:
    for stream in (Stream.INSTALL, Stream.BROWSER, Stream.ACTIVITY):
        assert len(book.take(line("⨯ ./app/page.tsx:4:5", stream)) + book.take(line("Error: x", stream))) == 2
