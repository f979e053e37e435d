import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.port_dialog import PortDialog
from tests.ui.hands import click, press, write
from tests.ui.stand_in import make_project


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def opened(owner: QWidget, port: int | None = None) -> PortDialog:
    dialog = PortDialog(make_project(1, "shop-front", port=port), owner)
    dialog.show()
    return dialog


def test_a_port_is_chosen_by_the_keyboard_alone(qtbot: QtBot, owner: QWidget) -> None:
    dialog = opened(owner, 3000)
    assert dialog.windowTitle() == "Port of shop-front" and dialog.edit.text() == "3000"
    dialog.edit.setFocus()
    write(dialog.edit, " 8080 ")
    chosen: list[object] = []
    dialog.chosen.connect(lambda *what: chosen.append(what))
    with qtbot.waitSignal(dialog.accepted):
        press(dialog.edit, Qt.Key.Key_Return)
    assert chosen == [("p1", 8080)]


def test_an_empty_field_lets_it_be_found(qtbot: QtBot, owner: QWidget) -> None:
    dialog = opened(owner, 3000)
    dialog.edit.clear()
    with qtbot.waitSignal(dialog.chosen) as told:
        click(dialog.save)
    assert told.args == ["p1", None]


@pytest.mark.parametrize("text", ["0", "65536", "soon", "-1", "+80", "٨٠", "8_0"])
def test_what_is_no_port_is_refused_in_place(owner: QWidget, text: str) -> None:
    dialog = opened(owner)
    chosen: list[object] = []
    dialog.chosen.connect(lambda *what: chosen.append(what))
    dialog.edit.setText(text)
    click(dialog.save)
    assert dialog.isVisible() and dialog.error.isVisible() and not chosen
    assert text in dialog.error.text() and dialog.edit.accessibleDescription() == dialog.error.text()
    write(dialog.edit, "1")
    assert not dialog.error.isVisible()  # it is being mended
    dialog.close()


def test_escape_and_cancel_change_nothing(qtbot: QtBot, owner: QWidget) -> None:
    chosen: list[object] = []
    for by_key in (True, False):
        dialog = opened(owner)
        dialog.chosen.connect(lambda *what: chosen.append(what))
        with qtbot.waitSignal(dialog.rejected):
            if by_key:
                press(dialog, Qt.Key.Key_Escape)
            else:
                click(dialog.findChild(QPushButton, "portCancel"))
    assert chosen == []
