"""Every wait says what it waits for and how it ends; every number has its unit."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from craft_desktop.model.events import Measured, Pushed, SyncChanged
from craft_desktop.model.operations import Idleness
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.settings import OPTIONS, WhenIdle
from craft_desktop.ui import figures, present
from craft_desktop.ui import present as shown
from craft_desktop.ui.option_field import UNITS
from craft_desktop.ui.present import Button, Tone
from tests.ui.stand_in import NOW, RUN, live, run_to

UI = Path(present.__file__).parent

WAITS = {
    # Words of a wait: how it ends, if not by itself.
    "Starting…": "Stop beside it",
    "Stopping…": "ten seconds at most; then what is left is killed",
    "Restarting…": "Stop beside it",
    "Waking up…": "Stop in the header",
    "Testing: the key’s service is asked…": "Cancel test, the same button",
    "Saving {0}…": "Cancel beside it, in the line above the page",
    "Saving… Your system may ask to unlock its keyring.": "Cancel, where Save was",
    "Asking…": "the keyring answers or its two minutes pass; the dialog can be closed",
    "Asking the keyring…": "the keyring answers or its two minutes pass; the dialog can be closed",
    "Reading…": "the project's own files, limited in size; the dialog can be closed",
    "Looking: {0} of {1} checks made…": "five seconds at most; the panel can be closed",
}
"""Every wait of the window. A new one is listed here with the way to end it, or this fails."""

NO_WORDS = re.compile(r"\b(please wait|loading|working|processing)\b", re.IGNORECASE)
"""What says nothing of what is waited for."""


def sources() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in UI.glob("*.py")}


def test_every_wait_is_known_with_its_end() -> None:
    found = {
        words for text in sources().values() for words in re.findall(r'(?<!")"([A-Z][^"]*?ing\b[^"]*…[^"]*)"', text)
    }
    assert found == set(WAITS)


def test_no_wait_is_told_without_words_of_its_own() -> None:
    for name, text in sources().items():
        said = re.findall(r'(?:tr\(|State\()"([^"]+)"', text)
        assert [words for words in said if NO_WORDS.search(words)] == [], name


def test_a_bar_without_an_end_stands_beside_words_only() -> None:
    with_bar = {name: text for name, text in sources().items() if "QProgressBar(" in text}
    endless = [name for name, text in with_bar.items() if "setRange(0, 0)" in text]
    assert endless == ["curtain.py"]  # the end of the program, which says how many previews it ends
    assert set(with_bar) == {"curtain.py", "stepper.py"}
    assert "setRange(0, BAR_WIDTH)" in with_bar["stepper.py"]  # of a step that says what it usually takes


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_that_works_says_at_what_and_can_be_stopped(phase: Phase) -> None:
    session = Session("p1", phase=phase)
    state = present.state(session, str)
    assert state.words and not NO_WORDS.search(state.words)
    if state.tone is Tone.BUSY:
        wanted = Button.BUSY if phase is Phase.STOPPING else Button.READY
        assert present.buttons(session).stop is wanted


@pytest.mark.parametrize("facts", range(1, len(RUN)))
def test_each_step_that_runs_says_how_long(facts: int) -> None:
    session = run_to("p1", facts, NOW)
    running = [record for record in session.steps if record.state.value == "running"]
    assert running
    for record in running:
        view = present.step(record, NOW + 30, str)
        assert view.title and re.fullmatch(r"\d+ s( of about .*|, slower than usual)?", view.time)


UNITS_SAID = r"(?:(?:s|min|h|d|ms|B|kB|MB|GB|files?)\b|%)"
UNIT = re.compile(rf"[\d.,\u202f]+\s?{UNITS_SAID}|\d+:\d\d(?::\d\d)?|rev \d+|PID \d+")
MEASURED = Measured("p1", NOW, 7.34, 312_000_000, 8_200_000_000)
IDLE = Idleness(40.0, 860.0, WhenIdle.SLEEP)

LINES: dict[str, Callable[[float], str]] = {
    "duration": lambda n: shown.duration(n * 100, str),
    "stopwatch": lambda n: shown.stopwatch(n, str),
    "ticking": lambda n: shown.stopwatch(n, str, is_ticking=True),
    "size": lambda n: shown.size(int(n * 977), str),
    "files": lambda n: shown.files(int(n), str),
    "note": lambda n: shown.note(f"{int(n) + 1} files, {int(n * 977)} bytes", str),
    "push": lambda n: shown.push_line(Pushed("p1", 1, 0, 412, n, 41), str),
    "sync": lambda n: shown.sync_line(live(), SyncChanged("p1", 41, NOW, False, False), NOW + n, str),
    "rest": lambda n: figures.rest_line(Idleness(n, n * 10, WhenIdle.STOP), str),
    "percent": lambda n: figures.percent(n, str),
    "usage": lambda n: figures.usage_line(MEASURED, str),
    "memory": lambda n: figures.memory(MEASURED, str),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("number", [0.0, 0.3, 1.0, 9.96, 14.2, 61.0, 400.0, 7_200.0, 123_456.0])
def test_every_number_has_its_unit(name: str, number: float) -> None:
    said = LINES[name](number)
    assert not re.search(r"\d", UNIT.sub("", said)), said


def test_every_fact_has_its_unit_or_is_a_name() -> None:
    for fact in figures.facts(live(), IDLE, NOW + 4000, str):
        if fact.label not in ("Port", "Sandbox"):  # a name among names, not an amount
            assert not re.search(r"\d", UNIT.sub("", fact.value)), fact


def test_every_number_in_the_settings_has_its_unit() -> None:
    counted = {"preview_port", "pool_size"}  # a name; things counted, which the label names
    for option in OPTIONS:
        if isinstance(option.default, int) and not isinstance(option.default, bool) and option.key not in counted:
            assert UNITS[option.unit], option.key
