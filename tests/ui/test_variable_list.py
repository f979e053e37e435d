import pytest
from pytestqt.qtbot import QtBot

from craft_desktop.model.env_files import EnvFile, EnvFiles
from craft_desktop.model.environment_draft import Draft
from craft_desktop.model.script import Framework
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from craft_desktop.ui.variable_list import VariableList
from tests.ui.hands import click

FILES = EnvFiles(Framework.NEXT, (EnvFile(".env", frozenset({"F"})),))


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, icons: Icons) -> VariableList:
    made = VariableList(theme, icons)
    qtbot.addWidget(made)
    made.show()
    return made


def enabled(page: VariableList) -> list[str]:
    buttons = (page.edit_button, page.eye_button, page.copy_button, page.remove_button)
    return [button.text().replace("&", "") for button in buttons if button.isEnabled()]


def test_nothing_is_offered_before_it_is_known_what_there_is(page: VariableList) -> None:
    assert page.heading.text() == "Reading…" and not page.add_button.isEnabled() and enabled(page) == []
    page.show_draft(Draft(), EnvFiles())
    assert page.heading.text() == "No variables yet" and page.add_button.isEnabled() and "paste" in page.table.hint


def test_each_line_offers_what_makes_sense(page: VariableList) -> None:
    page.show_draft(Draft(frozenset({"A", "B"})).without("B"), FILES)
    page.table.choose("A")
    assert enabled(page) == ["Edit…", "Show value", "Copy value", "Remove"]
    page.reveal("A", "1")
    assert page.is_revealed("A") and enabled(page)[1] == "Hide value"
    page.hide_values("A")
    assert not page.is_revealed("A")
    page.table.choose("B")
    assert enabled(page) == ["Keep"]
    page.table.choose("F")
    assert enabled(page) == ["Set here…"]
    assert page.files.text().startswith("What is set here wins over .env")


def test_buttons_mean_the_chosen_line(qtbot: QtBot, page: VariableList) -> None:
    page.show_draft(Draft(frozenset({"A", "B"})), EnvFiles())
    page.table.choose("B")
    for button, wish in (
        (page.edit_button, page.edit_requested),
        (page.eye_button, page.eye_requested),
        (page.copy_button, page.copy_requested),
        (page.remove_button, page.remove_requested),
    ):
        with qtbot.waitSignal(wish) as asked:
            click(button)
        assert asked.args == ["B"]
