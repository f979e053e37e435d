import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.check_box import BOX, CheckBox
from craft_desktop.ui.theme import CONTROL, Theme
from tests.ui.hands import press

SENTENCE = "Tell when something finished or failed while another window is in front, and take it back once it is seen."


@pytest.fixture
def holder(qtbot: QtBot, theme: Theme) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(CheckBox(SENTENCE))
    column.addStretch(1)
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    return made


@pytest.fixture
def box(holder: QWidget) -> CheckBox:
    found = holder.findChild(CheckBox)
    assert isinstance(found, CheckBox)
    return found


def picture(box: CheckBox) -> QImage:
    image: QImage = box.grab().toImage()
    return image


def test_a_long_sentence_takes_more_lines_and_none_is_cut_off(qtbot: QtBot, holder: QWidget, box: CheckBox) -> None:
    assert abs(box.height() - CONTROL) <= 1
    holder.resize(220, 400)
    qtbot.waitUntil(lambda: box.height() >= 4 * box.fontMetrics().lineSpacing())


def test_box_words_and_space_bar_tick_it(box: CheckBox) -> None:
    for at in (QPoint(BOX // 2, BOX // 2), QPoint(300, box.height() - 4)):
        before = box.isChecked()
        QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=at)
        assert box.isChecked() is not before
    press(box, Qt.Key.Key_Space)
    assert box.isChecked()


def test_what_it_is_and_where_the_keyboard_is_can_be_seen(qtbot: QtBot, holder: QWidget, box: CheckBox) -> None:
    looks = []
    holder.activateWindow()
    for is_on in (False, True):
        box.setChecked(is_on)
        box.clearFocus()
        plain = picture(box)
        box.setFocus()
        qtbot.waitUntil(box.hasFocus)
        assert picture(box) != plain
        looks.append(plain)
    assert looks[0] != looks[1]


def test_a_screen_reader_knows_it(box: CheckBox) -> None:
    told = QAccessible.queryAccessibleInterface(box)
    assert told is not None
    assert told.role() is QAccessible.Role.CheckBox and told.text(QAccessible.Text.Name) == SENTENCE
