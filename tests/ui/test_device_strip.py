import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from craft_desktop.model.device import FULL, PHONE, Device, Kind
from craft_desktop.ui.device_strip import DeviceStrip
from craft_desktop.ui.icons import Icons
from tests.ui.hands import click, press, write


@pytest.fixture
def strip(qtbot: QtBot, icons: Icons) -> DeviceStrip:
    made = DeviceStrip(icons)
    qtbot.addWidget(made)
    made.resize(500, 40)
    made.show_device(PHONE)
    made.activateWindow()
    return made


def test_it_is_there_for_a_size_of_its_own(strip: DeviceStrip) -> None:
    strip.show_scale(0.6205)
    assert strip.isVisible() and strip.scale.text() == "shown at 62 %"
    assert strip.scale.accessibleName() == "Laid out at 390 × 844 CSS pixels, shown at 62 %"
    strip.show_device(FULL)
    assert not strip.isVisible()


def test_sides_are_typed(qtbot: QtBot, strip: DeviceStrip) -> None:
    strip.begin_edit()
    write(strip.width_field, "5x00")  # a letter is not taken
    with qtbot.waitSignal(strip.device_entered) as told:
        press(strip.width_field, Qt.Key.Key_Return)
    assert told.args == [Device(Kind.CUSTOM, 500, 844)]


@pytest.mark.parametrize("typed", ["", "390"])
def test_no_change_is_no_device(qtbot: QtBot, strip: DeviceStrip, typed: str) -> None:
    strip.begin_edit()
    press(strip.width_field, Qt.Key.Key_Delete)
    write(strip.width_field, typed)
    with qtbot.assertNotEmitted(strip.device_entered):
        strip.width_field.editingFinished.emit()
    assert strip.width_field.text() == "390"


def test_rotate(qtbot: QtBot, strip: DeviceStrip) -> None:
    with qtbot.waitSignal(strip.rotate_requested):
        click(strip.rotate_button)
