import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action
from craft_desktop.model.places import Place
from craft_desktop.model.report import Check, Grade
from craft_desktop.ui.check_row import ROOM, CheckRow
from craft_desktop.ui.doctor_panel import WIDTH
from craft_desktop.ui.theme import Theme

FOUND = Check("Disk", Grade.BAD, "0 MB free.", "Make room.", "disk", Action.RESTART_CLEAN, Place("app/page.tsx", 3, 1))


@pytest.fixture
def row(qtbot: QtBot, theme: Theme) -> CheckRow:
    made = CheckRow(theme, "disk", "Disk")
    qtbot.addWidget(made)
    made.show()
    return made


def test_while_it_is_made(row: CheckRow) -> None:
    assert row.accessibleName() == "Disk: Not made yet."
    assert not row.detail.isVisible() and not row.act.isVisible()


def test_what_was_found_its_remedy_and_its_place(qtbot: QtBot, row: CheckRow) -> None:
    row.show_check(FOUND)
    assert (row.detail.text(), row.remedy.text()) == ("0 MB free.", "Make room.")
    assert row.act.text() == "Restart clean" and row.open.text() == "Open page.tsx:3:1"
    assert row.act.accessibleName() == "Restart clean: Disk"
    with qtbot.waitSignal(row.remedy_requested) as told:
        row.act.click()
    assert told.args == [Action.RESTART_CLEAN]
    with qtbot.waitSignal(row.place_requested) as opened:
        row.open.click()
    assert opened.args == [FOUND.place]


@pytest.mark.parametrize("grade", [Grade.OK, Grade.UNKNOWN])
def test_what_needs_no_attention_has_no_buttons(row: CheckRow, grade: Grade) -> None:
    row.show_check(FOUND)
    row.show_check(Check("Disk", grade, "70 GB free.", "", "disk", Action.RESTART))
    assert row.detail.isVisible() and not row.remedy.isVisible()
    assert not row.act.isVisible() and not row.open.isVisible()
    row.show_waiting()
    assert not row.detail.isVisible()


def test_markup_in_evidence_is_shown_as_it_is(row: CheckRow) -> None:
    row.show_check(Check("Disk", Grade.BAD, "<b>x</b><img src=http://a.example/>", "Do.", "disk"))
    assert row.detail.text().startswith("<b>x</b>") and row.detail.textFormat().name == "PlainText"


@pytest.mark.parametrize("file", ["page.tsx", "a-component-with-a-rather-long-name-as-people-give-them.stories.tsx"])
def test_buttons_are_never_wider_than_the_panel(row: CheckRow, file: str) -> None:
    row.show_check(
        Check("Variables", Grade.BAD, "A.", "Set it.", "disk", Action.OPEN_ENVIRONMENT, Place(file, 1234, 56))
    )
    assert max(row.act.sizeHint().width(), row.open.sizeHint().width()) <= ROOM
    assert row.minimumSizeHint().width() <= WIDTH
    assert row.open.geometry().top() > row.act.geometry().bottom()
    assert row.open.toolTip() == f"Open {file}:1234:56"
    row.show_check(FOUND)
    QApplication.processEvents()
    assert row.open.geometry().left() > row.act.geometry().right()
