import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QCursor
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.pop_out import HEIGHT, WIDTH, PopOut
from tests.ui.hands import press


@pytest.fixture
def popped(qtbot: QtBot) -> PopOut:
    owner = QWidget()
    qtbot.addWidget(owner)
    made = PopOut(QLineEdit(), ("reload", "stop", "zoom-in", "unknown"), owner, b"")
    qtbot.addWidget(made, before_close_func=lambda window: window.hide())
    made.show()
    made.activateWindow()
    return made


def test_keys_work_there(qtbot: QtBot, popped: PopOut) -> None:
    told: list[str] = []
    popped.commanded.connect(told.append)
    content = popped.findChild(QLineEdit)
    assert content is not None
    content.setFocus()
    qtbot.waitUntil(lambda: popped.isActiveWindow(), timeout=2000)
    press(content, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    press(content, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert told == ["reload", "stop"]
    assert {action.objectName() for action in popped.findChildren(QAction) if action.objectName()} == {
        "pop-reload",
        "pop-stop",
        "pop-zoom-in",
    }


def test_its_name_is_the_projects(popped: PopOut) -> None:
    popped.show_name("Shop")
    assert popped.windowTitle() == "Shop – Preview"


def test_closing_is_left_to_the_pane(qtbot: QtBot, popped: PopOut) -> None:
    with qtbot.waitSignal(popped.closed):
        popped.close()
    assert popped.isVisible()


def test_its_place_is_remembered_and_nonsense_is_not(qtbot: QtBot, popped: PopOut) -> None:
    popped.resize(500, 400)
    owner = QWidget()
    qtbot.addWidget(owner)
    again = PopOut(QWidget(), (), owner, popped.place)
    qtbot.addWidget(again, before_close_func=lambda window: window.hide())
    assert (again.width(), again.height()) == (500, 400)
    fresh = PopOut(QWidget(), (), owner, b"nonsense")
    qtbot.addWidget(fresh, before_close_func=lambda window: window.hide())
    assert (fresh.width(), fresh.height()) == (WIDTH, HEIGHT)


def test_a_person_at_it_is_noticed(qtbot: QtBot, popped: PopOut) -> None:
    qtbot.waitUntil(lambda: popped.isActiveWindow(), timeout=2000)
    with qtbot.waitSignal(popped.used, timeout=5000):
        QCursor.setPos(popped.mapToGlobal(QPoint(40, 40)))
