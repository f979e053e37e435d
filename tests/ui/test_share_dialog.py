from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.share_dialog import ShareDialog
from tests.ui.hands import press
from tests.ui.stand_in import make_project


def test_it_says_what_others_can_do_and_return_shares_nothing(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    dialog = ShareDialog(make_project(1, "shop-front"), is_running=True, parent=owner)
    told: list[str] = []
    dialog.confirmed.connect(told.append)
    dialog.open()
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "Everybody who has it" in said and "starts again" in said
    press(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible() and told == []


def test_who_agrees_is_told(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    dialog = ShareDialog(make_project(1, "shop-front"), is_running=False, parent=owner)
    dialog.open()
    confirm = dialog.findChild(QPushButton, "shareConfirm")
    assert confirm is not None
    with qtbot.waitSignal(dialog.confirmed) as told:
        confirm.click()
    assert told.args == ["p1"]
