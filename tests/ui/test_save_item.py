from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from craft_desktop.ui.save_item import SaveDetail, SaveItem
from tests.ui.hands import click, press
from tests.ui.stand_in import SEEN


def test_the_line_opens_the_stages(qtbot: QtBot) -> None:
    item = SaveItem()
    qtbot.addWidget(item)
    item.open_detail()
    assert item.findChild(SaveDetail) is None and not item.isVisible()
    item.show_save(SEEN)
    assert item.isVisible() and "compile 259 ms" in item.toolTip() and item.focusPolicy() is Qt.FocusPolicy.TabFocus
    click(item)
    detail = item.findChild(SaveDetail)
    assert detail is not None and detail.isVisible()
    words = [each.text() for each in detail.findChildren(QLabel)]
    assert "412 ms" in words and "380 ms" in words and "until the page showed it" in words
    press(detail, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: item.findChild(SaveDetail) is None)
    item.show_save(None)
    assert not item.isVisible() and item.text() == ""
