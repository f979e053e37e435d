import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action, Problem
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.message_bar import MessageBar
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press
from tests.ui.stand_in import INSTALL_FAILED


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme, icons: Icons) -> MessageBar:
    made = MessageBar(theme, icons)
    qtbot.addWidget(made)
    return made


def test_details_on_demand(qtbot: QtBot, bar: MessageBar) -> None:
    bar.show_problem(INSTALL_FAILED)
    assert bar.isVisible() and not bar.detail.isVisible()
    assert bar.headline.text() == INSTALL_FAILED.title
    click(bar.details_button)
    assert bar.detail.isVisible()
    assert "E404" in bar.detail.text() and bar.detail.text().endswith(INSTALL_FAILED.remedy)


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.NONE])
def test_the_remedy_is_an_intention(qtbot: QtBot, bar: MessageBar, action: Action) -> None:
    bar.show_problem(Problem("title", "detail", "remedy", action))
    with qtbot.waitSignal(bar.remedy_requested) as asked:
        click(bar.remedy_button)
    assert asked.args == [action]
    assert bar.isVisible() is (action is Action.OPEN_PLACE)


def test_a_button_may_say_where(bar: MessageBar) -> None:
    bar.show_problem(Problem("title", "detail", "remedy", Action.OPEN_PLACE), "page.tsx:4:5")
    assert bar.remedy_button.text() == "page.tsx:4:5"
    bar.show_problem(INSTALL_FAILED)
    assert bar.remedy_button.text() == "Start again"


def test_without_an_action_there_is_no_button(bar: MessageBar) -> None:
    bar.show_problem(Problem("title", "detail", "remedy"))
    assert not bar.remedy_button.isVisible()


def test_it_can_be_closed(qtbot: QtBot, bar: MessageBar) -> None:
    bar.show_problem(INSTALL_FAILED)
    click(bar.close_button)
    assert not bar.isVisible() and bar.problem is None
    bar.show_problem(INSTALL_FAILED)
    press(bar, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_a_new_problem_takes_the_place_of_the_old(bar: MessageBar) -> None:
    bar.show_problem(INSTALL_FAILED)
    bar.details_button.click()
    bar.show_problem(Problem("another", "detail", "remedy"))
    assert bar.headline.text() == "another" and not bar.detail.isVisible()
