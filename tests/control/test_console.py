import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.control.console import JsonConsole, Lines, TextConsole
from craft_desktop.model.errors import Problem
from craft_desktop.model.events import Event, LogLine, Notice, ProjectsChanged, Pushed, SessionChanged, Stream
from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase, Session


def never() -> None:
    raise AssertionError("somebody reads")


PROBLEM = Problem("The install failed", "npm ERR! code E404\nnpm ERR! 404 Not Found", "Mend package.json.")
URL = "http://shop.localhost:4100/"
LIVE = Session("p1", Phase.LIVE, since=1_700_000_012.3456, started_at=1_700_000_000.0, sandbox_id="i1", url=URL)
OURS: list[Event] = [
    SessionChanged(LIVE),
    LogLine("p1", Stream.SERVER, "ready", 1.0),
    LogLine("p1", Stream.INSTALL, "added", 1.0),
    Pushed("p1", 2, 1, 4096, 12.345, 7),
]


def json_of(*events: Event) -> list[dict[str, object]]:
    out = io.StringIO()
    console = JsonConsole(Lines(never, out))
    for event in events:
        console.show(event, "p1")
    return [json.loads(line) for line in out.getvalue().splitlines()]


def text_of(*events: Event, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    console = TextConsole(Lines(never, io.TextIOWrapper(raw, encoding=encoding)))
    for event in events:
        console.show(event, "p1")
    return raw.getvalue().decode(encoding)


def of_others(event: Event) -> Event:
    match event:
        case SessionChanged():
            return SessionChanged(Session("p2", Phase.LIVE))
        case LogLine():
            return LogLine("p2", event.stream, event.text, event.at)
        case Pushed():
            return Pushed("p2", 1, 1, 1, 1.0, 1)
        case _:
            return event


class TestJson:
    def test_events_have_the_promised_fields(self) -> None:
        assert json_of(*OURS) == [
            {"event": "phase", "phase": "live", "at": 1_700_000_012.3456, "seconds": 12.346},
            {"event": "live", "url": URL, "sandbox_id": "i1", "seconds": 12.346},
            {"event": "log", "stream": "server", "text": "ready"},
            {"event": "log", "stream": "install", "text": "added"},
            {"event": "pushed", "files": 2, "deleted": 1, "bytes": 4096, "ms": 12.3},
        ]

    @pytest.mark.parametrize("phase", Phase)
    def test_every_phase_is_told_by_its_word(self, phase: Phase) -> None:
        told = json_of(SessionChanged(Session("p1", phase, since=101.5, started_at=100.0)))
        assert told[0] == {"event": "phase", "phase": phase.value, "at": 101.5, "seconds": 1.5}
        assert [value["event"] for value in told[1:]] == (["live"] if phase is Phase.LIVE else [])

    def test_a_failure_has_the_promised_fields(self) -> None:
        out = io.StringIO()
        JsonConsole(Lines(never, out)).fail(PROBLEM)
        assert json.loads(out.getvalue()) == {
            "event": "failed",
            "title": PROBLEM.title,
            "detail": PROBLEM.detail,
            "remedy": PROBLEM.remedy,
        }

    @given(st.text())
    def test_any_text_is_one_line_in_any_locale(self, text: str) -> None:
        out = io.StringIO()
        JsonConsole(Lines(never, out)).show(LogLine("p1", Stream.SERVER, text, 1.0), "p1")
        line = out.getvalue()
        assert line.isascii()
        assert line.endswith("\n")
        assert len(line.splitlines()) == 1
        assert json.loads(line)["text"] == text

    def test_nothing_else_is_told(self) -> None:
        project = Project("p1", "shop", "shop", Path("/shop"), 1.0, 1.0)
        others = [of_others(event) for event in OURS]
        assert json_of(ProjectsChanged((project,)), *others, LogLine("p1", Stream.ACTIVITY, "Restarting", 1.0)) == []
        assert json_of(Notice("p1", PROBLEM), Notice(None, PROBLEM)) == []


class TestText:
    def test_a_run_reads_as_a_story(self) -> None:
        run: list[Event] = [
            SessionChanged(Session("p1", Phase.INSTALLING, since=100.0, started_at=99.0)),
            LogLine("p1", Stream.INSTALL, "added 28 packages", 101.0),
            SessionChanged(LIVE),
            Pushed("p1", 1, 0, 10, 41.6, 1),
            Pushed("p1", 2, 3, 10, 7.0, 2),
            SessionChanged(Session("p1", Phase.STOPPED, since=200.0, started_at=99.0)),
        ]
        told = re.sub(r"\d\d:\d\d:\d\d", "TIME", text_of(*run))
        assert told.splitlines() == [
            "TIME  Installing dependencies",
            "    added 28 packages",
            f"● Live after 12.3 s: {URL}",
            "  Ctrl-C stops it.",
            "  Saved: 1 file in 42 ms",
            "  Saved: 2 files, 3 deleted in 7 ms",
            "TIME  Stopped",
        ]

    def test_a_save_that_starts_the_server_anew_is_one_line(self) -> None:
        again = replace(LIVE, is_for_save=True)
        steps = [SessionChanged(replace(again, phase=phase)) for phase in (Phase.STARTING, Phase.WAITING, Phase.LIVE)]
        assert text_of(*steps) == "● Live again\n"
        told = text_of(SessionChanged(replace(again, phase=Phase.BROKEN, problem=PROBLEM))).splitlines()
        assert told[0].endswith("Waiting for a save") and told[1] == "▲ The install failed"
        assert text_of(SessionChanged(replace(again, phase=Phase.ASLEEP))).endswith("Asleep\n")

    @pytest.mark.parametrize("phase", [each for each in Phase if each is not Phase.FAILED])
    def test_every_phase_has_its_words(self, phase: Phase) -> None:
        assert text_of(SessionChanged(Session("p1", phase)))

    def test_a_failure_is_told_once_by_its_problem(self) -> None:
        assert text_of(SessionChanged(Session("p1", Phase.FAILED, problem=PROBLEM))) == ""
        out = io.StringIO()
        TextConsole(Lines(never, out)).fail(PROBLEM)
        assert out.getvalue().splitlines() == [
            "▲ The install failed",
            "    npm ERR! code E404",
            "    npm ERR! 404 Not Found",
            "  Mend package.json.",
        ]

    def test_notices_of_the_project_and_of_the_program_are_shown(self) -> None:
        told = text_of(
            Notice("p1", PROBLEM), Notice(None, PROBLEM), Notice("p2", PROBLEM), Notice("p1", PROBLEM, is_over=True)
        )
        assert told.count("▲") == 2

    def test_other_projects_are_not_shown(self) -> None:
        assert text_of(*(of_others(event) for event in OURS)) == ""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("\x1b[32m✓\x1b[0m ready", "\x1b[32m✓\x1b[0m ready\x1b[0m"),
            ("\x1b[1;38;5;196mred", "\x1b[1;38;5;196mred\x1b[0m"),
            ("a\tb", "a\tb"),
            ("\x1b]0;owned\x07title", "title"),
            ("\x1b]52;c;cm0gLXJmIC8=\x1b\\clipboard", "clipboard"),
            ("\x1b]52;c;cm0gLXJmIC8= never ended", ""),
            ("\x1bP+q544e\x1b\\terminfo", "terminfo"),
            ("\x1b[2J\x1b[1;1Hcleared", "cleared"),
            ("\x1b[?1049hother screen", "other screen"),
            ("\x1b[6nasked where", "asked where"),
            ("a\rb\x08c\x07\x00\x9b2J\x7f", "abc2J"),
            ("a\nforged line", "aforged line"),
            ("\x1bcreset", "creset"),
        ],
    )
    def test_of_a_sandboxs_control_codes_colours_alone_reach_the_terminal(self, text: str, shown: str) -> None:
        assert text_of(LogLine("p1", Stream.SERVER, text, 1.0)) == f"    {shown}\n"
        problem = Problem("It failed", text.replace("\n", " "), "")
        assert not re.search(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]", text_of(Notice("p1", problem)))

    @given(st.text() | st.text("\x1b[]0;mHJ\x07\\P\x9b\x9c "))
    def test_no_text_commands_the_terminal(self, text: str) -> None:
        told = text_of(LogLine("p1", Stream.SERVER, text, 1.0))
        plain = re.sub(r"\x1b\[[0-9;:]*m", "", told)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", plain)
        assert told.count("\n") == 1

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
    def test_a_terminal_that_knows_few_letters_is_no_fault(self, encoding: str) -> None:
        assert f"? Live after 12.3 s: {URL}" in text_of(SessionChanged(LIVE), encoding=encoding)
        assert "日" not in text_of(LogLine("p1", Stream.SERVER, "日\ud800", 1.0), encoding=encoding)


def test_a_reader_that_went_away_is_told_once_and_breaks_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    gone: list[bool] = []
    with os.fdopen(writing, "w") as out:
        console = JsonConsole(Lines(lambda: gone.append(True), out))
        console.fail(PROBLEM)
        console.fail(PROBLEM)
    assert gone == [True]
