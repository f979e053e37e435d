import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.device import FULL, PHONE, TABLET, custom
from craft_desktop.ui.device_frame import DeviceFrame
from craft_desktop.ui.theme import Theme


@pytest.fixture
def frame(qtbot: QtBot, theme: Theme) -> DeviceFrame:
    made = DeviceFrame()
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    return made


def test_full_is_all_the_room(frame: DeviceFrame) -> None:
    view = QWidget()
    frame.set_view(view)
    assert view.size() == frame.viewport().size()
    frame.resize(700, 300)
    assert view.size() == QSize(700, 300)
    frame.set_view(None)
    frame.show_device(PHONE, 1.0)


def test_a_device_lies_in_the_middle_and_follows_the_room(frame: DeviceFrame) -> None:
    scales: list[float] = []
    frame.scaled.connect(scales.append)
    view = QWidget()
    frame.set_view(view)
    frame.show_device(PHONE, 1.0)
    assert scales[0] == 1.0 and 0.5 < scales[-1] < 0.6
    assert abs(view.geometry().center().x() - 300) <= 1 and view.height() <= 500 - 16
    frame.resize(600, 1000)
    assert scales[-1] == 1.0 and view.size() == QSize(390, 844) and view.y() == (1000 - 844) // 2
    frame.show_device(PHONE, 0.5)
    assert scales[-1] == 0.5
    frame.show_device(FULL, 1.5)
    assert scales[-1] == 1.5 and view.size() == QSize(600, 1000)


def test_what_cannot_be_drawn_smaller_scrolls(frame: DeviceFrame) -> None:
    view = QWidget()
    frame.set_view(view)
    frame.show_device(custom(4000, 3000), 1.0)
    assert view.width() == 1000
    assert frame.horizontalScrollBar().maximum() > 0 and frame.verticalScrollBar().maximum() > 0


def test_what_scrolls_down_can_be_read_and_needs_no_bar_below(frame: DeviceFrame) -> None:
    view = QWidget()
    frame.set_view(view)
    for width, expected in ((600, 410), (330, 300)):  # half its size, and as wide as there is room beside the bar
        frame.resize(width, 200)
        frame.show_device(TABLET, 1.0)
        assert view.width() == expected
        assert frame.verticalScrollBar().maximum() > 0 and frame.horizontalScrollBar().maximum() == 0


def test_a_stretched_view_is_behind_its_picture(frame: DeviceFrame) -> None:
    view = QWidget()
    frame.set_view(view)
    frame.stretch(QSize(600, 5000), view.grab())
    assert view.size() == QSize(600, 5000) and frame._still.isVisible()
    assert frame._still.size() == frame.viewport().size() and frame.verticalScrollBar().maximum() == 0
    frame.relax()
    assert view.size() == QSize(600, 500) and not frame._still.isVisible()
