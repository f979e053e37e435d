import time

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.environment_draft import Draft
from craft_desktop.ui.dotenv_paste import MOST_CHARACTERS, DotenvPaste
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press, write


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, icons: Icons) -> DotenvPaste:
    made = DotenvPaste(theme, icons)
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    made.begin(Draft(frozenset({"A"})))
    return made


def names(page: DotenvPaste) -> list[tuple[str, str]]:
    return [(row.name, row.note) for row in page.preview.variables.rows]


def test_what_is_pasted_is_shown_by_name_and_taken_when_agreed(qtbot: QtBot, page: DotenvPaste) -> None:
    QGuiApplication.clipboard().setText("A=secret-1\nexport B='two\nlines'\nPORT=80\n# C=3\n")
    press(page.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert names(page)[:2] == [("A", "Replaces the value here"), ("B", "New")] and names(page)[2][0] == "PORT"
    assert page.words.text() == "2 variables will be added or replaced. 1 is left out."
    assert page.field.toPlainText() == ""
    shown = " ".join(part.accessibleName() + part.toolTip() for part in page.findChildren(QWidget))
    assert "secret-1" not in shown + page.words.text()
    page.preview.choose("PORT")
    assert page.reason.text().startswith("PORT: The program itself chooses")
    with qtbot.waitSignal(page.taken) as taken:
        click(page.take_button)
    assert taken.args == [{"A": "secret-1", "B": "two\nlines"}]
    page.forget()
    assert names(page) == [] and not page.is_touched


def test_typing_into_it_does_nothing_and_nonsense_says_so(page: DotenvPaste) -> None:
    write(page.field, "A=1")
    assert page.field.toPlainText() == "" and not page.take_button.isEnabled()
    page.read("hello there")
    assert page.words.text() == "There is no NAME=VALUE line in that text." and not page.take_button.isEnabled()


@pytest.mark.parametrize(
    "text",
    [
        "x" * (MOST_CHARACTERS + 1),
        "A=" + "x" * 1_000_000,
        "A='" * 60_000,
        "".join(f"N{number}='\n" for number in range(20_000)),
        '"' * MOST_CHARACTERS,
        "\0" * 1000,
    ],
    ids=["too large", "value of 1 MB", "quotes", "open quotes", "only quotes", "nul"],
)
def test_hostile_texts_are_refused_quickly(page: DotenvPaste, text: str) -> None:
    pasted = QMimeData()
    pasted.setText(text)
    begun = time.monotonic()
    page.field.insertFromMimeData(pasted)
    assert time.monotonic() - begun < 1.5
    assert page.field.toPlainText() == ""


def test_ten_thousand_lines_are_shown(page: DotenvPaste) -> None:
    page.read("".join(f"N{number:05}={number}\n" for number in range(10_000)))
    assert len(names(page)) == 10_000 and page.words.text() == "10,000 variables will be added or replaced."
