import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from craft_desktop.model.levels import Level
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.level_filter import WORDS, LevelFilter


@pytest.fixture
def button(qtbot: QtBot, icons: Icons) -> LevelFilter:
    made = LevelFilter(icons)
    qtbot.addWidget(made)
    made.show()
    return made


def action(button: LevelFilter, level: Level) -> QAction:
    menu = button.menu()
    assert menu is not None
    return next(each for each in menu.actions() if each.text() == WORDS[level])


def test_a_choice_is_told_once_and_seen(button: LevelFilter) -> None:
    told: list[Level] = []
    button.chosen.connect(told.append)
    assert not button.isChecked() and button.toolTip() == "Show: All lines"
    action(button, Level.ERROR).trigger()
    action(button, Level.ERROR).trigger()
    assert told == [Level.ERROR]
    assert button.isChecked() and button.accessibleName() == "Show: Errors only"
    assert action(button, Level.ERROR).isChecked() and not action(button, Level.INFO).isChecked()
    button.choose(Level.INFO)
    assert told == [Level.ERROR, Level.INFO] and not button.isChecked()


def test_a_menu_that_is_left_changes_nothing(button: LevelFilter) -> None:
    menu = button.menu()
    assert menu is not None
    button.setChecked(True)
    menu.aboutToHide.emit()
    assert not button.isChecked() and button.level is Level.INFO
