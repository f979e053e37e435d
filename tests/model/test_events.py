import dataclasses
from pathlib import Path
from typing import get_args

import pytest

from craft_desktop.model.errors import Problem
from craft_desktop.model.events import (
    CompileChanged,
    Event,
    LogLine,
    Measured,
    Notice,
    PageStale,
    ProjectsChanged,
    Pushed,
    SaveSeen,
    SessionChanged,
    SettingsChanged,
    Stream,
    SyncChanged,
)
from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.saved import Saved
from craft_desktop.model.session import Session
from craft_desktop.model.settings import Settings

PROJECT = Project("p1", "shop", "shop", Path("/shop"), 1.0, 2.0)
EVENTS: list[Event] = [
    ProjectsChanged((PROJECT,)),
    SessionChanged(Session("p1")),
    LogLine("p1", Stream.SERVER, "ready", 3.0),
    Pushed("p1", 1, 0, 10, 12.5, 1),
    SaveSeen("p1", Saved(1.0, 3, 38, 259, 112), Saved(0.5, 3, 38, 200, 112)),
    SyncChanged("p1", 3, 4.0),
    SettingsChanged(Settings()),
    Notice(None, Problem("a", "b", "c")),
    Measured("p1", 3.0, 4.5, 312_000_000, 4_000_000_000),
    CompileChanged("p1", "Unexpected token", Place("app/page.tsx", 4, 5)),
    PageStale("p1"),
]


def test_every_kind_of_event_is_here() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_a_value_that_stays_as_it_was_told(event: Event) -> None:
    assert dataclasses.replace(event) == event
    assert hash(event) == hash(dataclasses.replace(event))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, dataclasses.fields(event)[0].name, None)
