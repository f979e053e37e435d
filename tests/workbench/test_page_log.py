import pytest

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.levels import Level
from craft_desktop.workbench.page_log import BURST, LONGEST, MOST_LINES, RATE, PageLog


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[LogLine]:
    return []


@pytest.fixture
def log(clock: Clock, told: list[LogLine]) -> PageLog:
    return PageLog(told.extend, clock, lambda: 7.0)


def test_a_message_with_its_source(log: PageLog, told: list[LogLine]) -> None:
    log.console("p1", Level.ERROR, "boom\n  at f\n  at g", "http://shop.localhost:4100/src/App.tsx:3")
    log.console("p1", Level.INFO, "", "")
    assert told == [
        LogLine("p1", Stream.BROWSER, "boom  http://shop.localhost:4100/src/App.tsx:3", 7.0, Level.ERROR),
        LogLine("p1", Stream.BROWSER, "      at f", 7.0, Level.ERROR),
        LogLine("p1", Stream.BROWSER, "      at g", 7.0, Level.ERROR),
        LogLine("p1", Stream.BROWSER, "", 7.0, Level.INFO),
    ]


@pytest.mark.parametrize(
    ("path", "status", "level"),
    [
        ("/api/cart", 500, Level.ERROR),
        ("/missing", 404, Level.ERROR),
        ("/favicon.ico", 404, Level.WARNING),
        ("/favicon.ico", 500, Level.ERROR),
        ("/_next/static/a.js.map?x", 404, Level.WARNING),
    ],
)
def test_a_failed_request(log: PageLog, told: list[LogLine], path: str, status: int, level: Level) -> None:
    log.failed("p1", "GET", path, status)
    assert told == [LogLine("p1", Stream.BROWSER, f"GET {path} {status}", 7.0, level)]


def test_a_million_messages_are_bounded_and_told(log: PageLog, told: list[LogLine], clock: Clock) -> None:
    for number in range(1_000_000):
        log.console("p1", Level.INFO, str(number), "")
    assert len(told) == BURST + 1
    assert told[-1].text == f"The page makes too many messages: {RATE:.0f} a second are shown"
    log.failed("p1", "GET", "/x", 500)
    log.console("p2", Level.INFO, "another project", "")
    assert [line.text for line in told[-2:]] == ["GET /x 500", "another project"]
    clock.now += 0.02
    log.console("p1", Level.INFO, "later", "")
    assert [line.text for line in told[-2:]] == [f"… {1_000_000 - BURST:,} messages were left out", "later"]


def test_one_message_cannot_be_a_flood(log: PageLog, told: list[LogLine]) -> None:
    log.console("p1", Level.INFO, "x\n" * 1_000_000, "s" * 1_000_000)
    assert len(told) == MOST_LINES
    assert sum(len(line.text) for line in told) < 3 * LONGEST


def test_a_forgotten_project_begins_anew(log: PageLog, told: list[LogLine]) -> None:
    for _ in range(2 * BURST):
        log.console("p1", Level.INFO, "x", "")
    log.forget("p1")
    log.console("p1", Level.INFO, "again", "")
    assert told[-1].text == "again"
