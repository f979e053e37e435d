from dataclasses import replace

from pytestqt.qtbot import QtBot

from craft_desktop.model.events import Measured, Pushed, SyncChanged
from craft_desktop.model.operations import Idleness
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.settings import WhenIdle
from craft_desktop.ui.status_line import StatusLine
from tests.ui.stand_in import NOW, SEEN, live

MEASURED = Measured("p1", NOW, 4.0, 312_000_000, 8_200_000_000)
IDLE = Idleness(40.0, 860.0, WhenIdle.SLEEP)


def test_how_the_sandbox_stands(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_session(live(), Pushed("p1", 1, 0, 412, 38.2, 41), SyncChanged("p1", 41), NOW)
    assert line.sync.text() == "In sync · rev 41"
    assert line.push.text() == "Last save → sandbox 38 ms"
    line.show_session(Session("p1"), Pushed("p1", 1, 0, 412, 38.2, 41), None, NOW)
    assert [label.text() for label in (line.sync, line.push)] == ["", ""]
    line.show_session(None, None, None, NOW)
    line.say("Address copied")
    assert line.currentMessage() == "Address copied"


def test_what_it_has_left_and_uses(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_figures(live(), IDLE, MEASURED)
    assert (line.rest.text(), line.usage.text()) == ("Sleeps in 14:20", "312 MB · 4 % CPU")
    assert line.rest.property("tone") == ""
    line.show_figures(live(), Idleness(860.0, 40.0, WhenIdle.STOP), MEASURED)
    assert line.rest.text() == "Stops in 0:40" and line.rest.property("tone") == "busy"
    line.show_figures(replace(live(), phase=Phase.ASLEEP), IDLE, MEASURED)
    assert (line.rest.text(), line.usage.text()) == ("", "312 MB · 4 % CPU")
    for session in (Session("p1"), None):
        line.show_figures(session, IDLE, MEASURED)
        assert (line.rest.text(), line.usage.text()) == ("", "")


def test_how_long_a_save_took_to_the_screen(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show()
    line.show_session(live(), Pushed("p1", 1, 0, 412, 38.2, 41), None, NOW)
    line.show_save(live(), None)
    assert line.push.isVisible() and not line.save.isVisible()
    line.show_save(live(), SEEN)
    assert line.save.isVisible() and not line.push.isVisible()
    assert line.save.text() == "Saved → on screen 412 ms · usually 380 ms"
    for session in (Session("p1"), None):
        line.show_save(session, SEEN)
        assert not line.save.isVisible() and line.save.text() == ""


def test_what_is_not_known_keeps_nothing_from_the_edge(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.resize(900, 26)
    line.show()
    line.show_figures(live(), IDLE, MEASURED)
    qtbot.waitUntil(lambda: line.usage.geometry().right() > 800)
    edge = line.usage.geometry().right()
    line.show_figures(live(), IDLE, None)
    qtbot.waitUntil(lambda: line.rest.geometry().right() == edge)
    assert line.usage.isHidden()


def test_the_memory_of_all_pages_is_said(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_pages({}, "p1")
    assert line.usage.toolTip() == "Memory and processors of the sandbox. The Health tab has more."
    line.show_pages({"p1": 96_000_000, "p2": 104_000_000}, "p1")
    assert line.usage.toolTip().splitlines()[1:] == [
        "Its page in this window has 96 MB.",
        "All 2 pages in this window have 200 MB.",
    ]
    assert line.usage.accessibleDescription() == line.usage.toolTip()
