from pytestqt.qtbot import QtBot

from craft_desktop.model.events import Pushed, SyncChanged
from craft_desktop.model.session import Session
from craft_desktop.ui.status_line import StatusLine
from tests.ui.stand_in import NOW, live


def test_three_facts(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_session(live(), Pushed("p1", 1, 0, 412, 38.2, 41), SyncChanged("p1", 41), NOW)
    assert line.sync.text() == "In sync · rev 41"
    assert line.push.text() == "Last save → sandbox 38 ms"
    assert line.server.text() == "Port 3000 · PID 4212"
    line.show_session(Session("p1"), Pushed("p1", 1, 0, 412, 38.2, 41), None, NOW)
    assert [label.text() for label in (line.sync, line.push, line.server)] == ["", "", ""]
    line.show_session(None, None, None, NOW)
    line.say("Address copied")
    assert line.currentMessage() == "Address copied"
