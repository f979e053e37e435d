import pytest

from craft_desktop.model.events import Event, ProjectsChanged
from craft_desktop.workbench.announcer import Announcer


def test_who_listens_is_told_until_he_stops() -> None:
    announcer = Announcer()
    told: list[Event] = []
    stop = announcer.subscribe(told.append)
    announcer.announce(ProjectsChanged(()))
    assert told == [ProjectsChanged(())]
    stop()
    announcer.announce(ProjectsChanged(()))
    assert len(told) == 1


def test_a_listener_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    announcer = Announcer()
    told: list[Event] = []

    def fail(_: Event) -> None:
        raise ValueError("a screen")

    announcer.subscribe(fail)
    announcer.subscribe(told.append)
    announcer.announce(ProjectsChanged(()))
    assert len(told) == 1
    assert "a listener failed" in caplog.text
    caplog.clear()


def test_one_that_stops_while_it_is_told_takes_nobody_elses_word() -> None:
    announcer = Announcer()
    told: list[Event] = []
    stop = announcer.subscribe(lambda _: stop())
    announcer.subscribe(told.append)
    announcer.announce(ProjectsChanged(()))
    assert len(told) == 1
