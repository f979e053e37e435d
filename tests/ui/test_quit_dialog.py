import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.quit_dialog import QuitDialog
from tests.ui.hands import click, press


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(("name", "keep"), [("quitKeep", True), ("quitStop", False)])
def test_each_answer_is_told_once_and_closes_it(qtbot: QtBot, owner: QWidget, name: str, keep: bool) -> None:
    dialog = QuitDialog(owner)
    dialog.show()
    with qtbot.waitSignal(dialog.answered) as told:
        click(dialog.findChild(QPushButton, name))
    assert told.args == [keep] and not dialog.isVisible()


def test_return_stops_and_escape_goes_on(qtbot: QtBot, owner: QWidget) -> None:
    dialog = QuitDialog(owner)
    answers: list[bool] = []
    dialog.answered.connect(answers.append)
    dialog.show()
    press(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible() and answers == []
    dialog.show()
    press(dialog, Qt.Key.Key_Return)
    assert answers == [False]
