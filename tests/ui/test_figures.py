import pytest

from craft_desktop.model.events import Measured
from craft_desktop.model.operations import Idleness
from craft_desktop.model.session import Session
from craft_desktop.model.settings import WhenIdle
from craft_desktop.ui import figures
from tests.ui.stand_in import NOW, SEEN, live


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (59.9, "0:59"), (860, "14:20"), (3723, "1:02:03"), (-4, "0:00")]
)
def test_a_time_that_runs(seconds: float, words: str) -> None:
    assert figures.clock(seconds) == words


@pytest.mark.parametrize(
    ("idleness", "words"),
    [
        (Idleness(40, 860, WhenIdle.SLEEP), "Sleeps in 14:20"),
        (Idleness(40, 860, WhenIdle.STOP), "Stops in 14:20"),
        (Idleness(40, None, WhenIdle.STOP), ""),
        (None, ""),
    ],
)
def test_what_becomes_of_it(idleness: Idleness | None, words: str) -> None:
    assert figures.rest_line(idleness, str) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0 %"), (4, "4 %"), (4.25, "4.2 %"), (9.96, "10 %"), (63.7, "64 %"), (100, "100 %")]
)
def test_percent(value: float, words: str) -> None:
    assert figures.percent(value, str) == words


def test_usage() -> None:
    measured = Measured("p1", NOW, 4.0, 312_000_000, 8_200_000_000)
    assert figures.usage_line(measured, str) == "312 MB · 4 % CPU"
    assert figures.memory(measured, str) == "312 MB of 8.2 GB"
    assert figures.memory(Measured("p1", NOW, 4.0, 312_000_000, 0), str) == "312 MB"
    assert figures.usage_line(None, str) == ""


def test_what_a_drawn_line_says() -> None:
    assert figures.trend("CPU", [], [], str) == "CPU: not measured yet"
    assert figures.trend("CPU", ["4 %", "80 %", "6 %"], [4, 80, 6], str) == (
        "CPU, last 5 minutes: now 6 %, highest 80 %"
    )


def test_facts_of_a_run() -> None:
    told = figures.facts(live(begun_at=NOW - 740), Idleness(125, 775, WhenIdle.SLEEP), NOW, str)
    assert [(fact.label, fact.value) for fact in told] == [
        ("Uptime", "12 min"),
        ("Idle for", "2 min"),
        ("Sleeps in", "12:55"),
        ("Port", "3000"),
        ("Process", "PID 4212"),
        ("Sandbox", "i1a2b3c4d5"),
    ]
    without = figures.facts(live(begun_at=NOW - 740), Idleness(3, None, WhenIdle.STOP), NOW, str)
    assert without[2] == figures.Fact("Stops in", "no limit")


def test_without_a_run_there_are_no_facts() -> None:
    assert {fact.value for fact in figures.facts(Session("p1"), None, NOW, str)} == {"–"}


def test_a_save_and_its_stages() -> None:
    assert figures.save_line(SEEN, str) == "Saved → on screen 412 ms · usually 380 ms"
    assert figures.save_stages(SEEN, str) == (
        "Last save: watch 3 ms · push 38 ms · compile 259 ms · paint 111 ms\n"
        "Usually: watch 2 ms · push 36 ms · compile 240 ms · paint 102 ms"
    )
    assert figures.save_line(None, str) == figures.save_stages(None, str) == ""
    head, *rows = figures.save_table(SEEN, str)
    assert head == ("", "Last", "Usually", "")
    assert [row[:3] for row in rows] == [
        ("Watch", "3 ms", "2 ms"),
        ("Push", "38 ms", "36 ms"),
        ("Compile", "259 ms", "240 ms"),
        ("Paint", "111 ms", "102 ms"),
        ("In all", "412 ms", "380 ms"),
    ]
