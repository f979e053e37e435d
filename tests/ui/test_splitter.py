from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.splitter import Handle, Splitter
from tests.ui.hands import press


def make(qtbot: QtBot, orientation: Qt.Orientation = Qt.Orientation.Horizontal) -> Splitter:
    made = Splitter("someSplitter", orientation, "Width of the first")
    qtbot.addWidget(made)
    for name in ("first", "second"):
        part = QWidget()
        part.setObjectName(name)
        part.setMinimumSize(40, 40)
        made.addWidget(part)
    made.resize(400, 400)
    made.setSizes([200, 199])
    made.show()
    return made


def test_arrow_keys_move_the_line_as_far_as_there_is_room(qtbot: QtBot) -> None:
    for orientation, back, forth in (
        (Qt.Orientation.Horizontal, Qt.Key.Key_Left, Qt.Key.Key_Right),
        (Qt.Orientation.Vertical, Qt.Key.Key_Up, Qt.Key.Key_Down),
    ):
        splitter = make(qtbot, orientation)
        handle, before = splitter.handle(1), splitter.sizes()[0]
        with qtbot.waitSignal(splitter.splitterMoved):  # what keeps the sizes listens to this
            press(handle, forth)
        assert splitter.sizes()[0] > before
        press(handle, back)
        assert splitter.sizes()[0] == before
        for _ in range(40):
            press(handle, back)
        assert splitter.sizes()[0] == 40
        press(handle, Qt.Key.Key_A)
        assert splitter.sizes()[0] == 40


def test_a_screen_reader_meets_the_parts_in_their_order(qtbot: QtBot) -> None:
    splitter = make(qtbot)
    found = QAccessible.queryAccessibleInterface(splitter)
    assert found is not None
    names = [found.child(number).object().objectName() for number in range(found.childCount())]
    assert [name for name in names if name in ("first", "second")] == ["first", "second"]
    handle = splitter.handle(1)
    assert isinstance(handle, Handle) and handle.accessibleName() == "Width of the first"


def test_the_line_can_still_be_caught_with_the_mouse(qtbot: QtBot) -> None:
    splitter = make(qtbot)
    handle = splitter.handle(1)
    assert splitter.childAt(handle.geometry().left(), 100) is handle
    assert splitter.childAt(handle.geometry().right(), 100) is handle
