from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import CompileChanged, Event, LogLine, Measured, PageStale, Stream
from craft_desktop.model.levels import Level
from craft_desktop.model.places import Place
from craft_desktop.model.saved import Frame
from craft_desktop.model.settings import Settings
from craft_desktop.ui.editor import EditorOpener
from craft_desktop.ui.insight_bridge import InsightBridge
from tests.ui.stand_in import NOW, SEEN, Insights

PLACE = Place("app/page.tsx", 4, 5)


@pytest.fixture
def sight() -> Insights:
    return Insights()


@pytest.fixture
def started() -> list[list[str]]:
    return []


@pytest.fixture
def bridge(qtbot: QtBot, sight: Insights, started: list[list[str]]) -> InsightBridge:
    def start(command: list[str]) -> bool:
        started.append(command)
        return True

    def refuse(url: QUrl) -> bool:
        return False

    opener = EditorOpener(lambda name: f"/bin/{name}" if name == "kate" else None, start, refuse)
    return InsightBridge(sight, lambda: Settings(editor="kate {file}:{line}"), opener)


def test_events_become_signals(bridge: InsightBridge) -> None:
    told: list[object] = []
    bridge.measured.connect(told.append)
    bridge.compiled.connect(told.append)
    bridge.save_seen.connect(told.append)
    events: list[Event] = [Measured("p1", NOW, 4.0, 1, 2), CompileChanged("p1", "x", PLACE), SEEN]
    for event in (*events, LogLine("p1", Stream.SERVER, "x", NOW)):
        bridge.hear(event)
    assert told == events
    staled: list[str] = []
    bridge.staled.connect(staled.append)
    bridge.hear(PageStale("p1"))
    assert staled == ["p1"] and told == events


def test_questions_are_handed_on(bridge: InsightBridge, sight: Insights) -> None:
    bridge.note_console("p1", Level.ERROR, "boom", "a.js:1")
    bridge.look("p1")
    bridge.note_painted("p1", [Frame(NOW)])
    assert sight.painted == [("p1", (Frame(NOW),))]
    sight.files["app/page.tsx"] = Path("/p/app/page.tsx")
    assert sight.said == [("p1", Level.ERROR, "boom", "a.js:1")] and sight.looked == {"p1"}
    assert bridge.idleness("p1") == sight.idle and bridge.compiling("p1") == CompileChanged("p1")
    assert bridge.is_there("p1", PLACE) and not bridge.is_there("p1", Place("b.ts"))


def test_a_place_opens_in_the_chosen_editor(bridge: InsightBridge, sight: Insights, started: list[list[str]]) -> None:
    sight.files["app/page.tsx"] = Path("/p/app/page.tsx")
    bridge.open_place("p1", PLACE)
    assert started == [["/bin/kate", "/p/app/page.tsx:4"]]


def test_a_folder_opens_in_the_chosen_editor_or_is_told(bridge: InsightBridge, started: list[list[str]]) -> None:
    bridge.open_folder("p1", Path("/p"))
    assert started == [["/bin/kate", "/p"]]


def test_a_file_that_is_gone_is_told(bridge: InsightBridge, started: list[list[str]]) -> None:
    told: list[tuple[str, Problem]] = []
    bridge.failed.connect(lambda key, problem: told.append((key, problem)))
    bridge.open_place("p1", PLACE)
    ((key, problem),) = told
    assert key == "p1" and problem.title == "page.tsx:4:5 is not in the project" and problem.action is Action.NONE
    assert started == []
