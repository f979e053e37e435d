import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from craft_desktop.ui.address_field import AddressField
from craft_desktop.ui.theme import Theme
from tests.ui.hands import press, write


@pytest.fixture
def field(qtbot: QtBot, theme: Theme) -> AddressField:
    made = AddressField("shop-front.localhost:4100")
    qtbot.addWidget(made)
    made.resize(500, 32)
    made.show()
    made.activateWindow()
    return made


def test_the_host_is_quiet_and_gives_way(field: AddressField) -> None:
    assert field.host.isVisible() and field.host.property("role") == "muted"
    field.resize(200, 32)
    assert not field.host.isVisible()
    field.resize(500, 32)
    assert field.host.isVisible()


def test_what_is_typed_is_told_on_return(qtbot: QtBot, field: AddressField) -> None:
    field.show_path("/one")
    field.begin_edit()
    assert field.edit.selectedText() == "/one" and field.property("focused") is True
    write(field.edit, "/two")
    field.show_path("/three")  # a page that moves does not disturb who types
    with qtbot.waitSignal(field.entered) as told:
        press(field.edit, Qt.Key.Key_Return)
    assert told.args == ["/two"]
    press(field.edit, Qt.Key.Key_Escape)
    assert field.edit.text() == "/three"


def test_a_hostile_address_is_a_plain_line(field: AddressField) -> None:
    field.show_path("/" + "x" * 10**6 + "\u202e\n")
    assert len(field.edit.text()) <= 2000 and field.edit.cursorPosition() == 0
    field.show_path("/a\u202eb")
    assert field.edit.text() == "/a b"
