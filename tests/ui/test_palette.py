import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.palette import Palette
from craft_desktop.ui.palette_entry import Entry
from craft_desktop.ui.theme import Theme
from tests.ui.hands import press, write
from tests.ui.stand_in import StandIn, make_project

ENTRIES = (
    Entry("start", "Start", keys="Ctrl+Return"),
    Entry("stop", "Stop"),
    Entry("settings", "Settings"),
    Entry("show", "Go to shop-front", "p1", "/home/ada/shop-front"),
    Entry("show", "Go to blog", "p2"),
)


@pytest.fixture
def ground(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


@pytest.fixture
def palette(ground: QWidget, theme: Theme) -> Palette:
    made = Palette(theme, ground)
    made.open_with(ENTRIES)
    return made


def shown(palette: Palette) -> list[str]:
    model = palette.view.model()
    return [str(model.data(model.index(row, 0))) for row in range(model.rowCount(QModelIndex()))]


def test_everything_is_there_until_letters_choose(palette: Palette) -> None:
    assert shown(palette) == [entry.words for entry in ENTRIES]
    write(palette.field, "blog")
    assert shown(palette) == ["Go to blog"]


def test_return_takes_the_first_and_closes(qtbot: QtBot, palette: Palette) -> None:
    write(palette.field, "shop")
    with qtbot.waitSignal(palette.chosen) as told:
        press(palette.field, Qt.Key.Key_Return)
    assert told.args == ["show", "p1"] and not palette.isVisible()


def test_keys_move_around_the_list(qtbot: QtBot, palette: Palette) -> None:
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_Tab, Qt.Key.Key_Down):
        press(palette.field, key)
    with qtbot.waitSignal(palette.chosen) as told:
        press(palette.field, Qt.Key.Key_Enter)
    assert told.args == ["stop", ""]


def test_nothing_found_says_so_and_return_does_nothing(palette: Palette) -> None:
    told: list[object] = []
    palette.chosen.connect(lambda *what: told.append(what))
    write(palette.field, "qqq")
    press(palette.field, Qt.Key.Key_Down)
    press(palette.field, Qt.Key.Key_Return)
    assert palette.none.isVisible() and not palette.view.isVisible() and told == [] and palette.isVisible()


def test_the_focus_goes_back_to_where_it_was(qtbot: QtBot, ground: QWidget, theme: Theme) -> None:
    field = QLineEdit(ground)
    field.show()
    ground.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    palette = Palette(theme, ground)
    palette.open_with(ENTRIES)
    assert palette.field.hasFocus()
    press(palette.field, Qt.Key.Key_Escape)
    assert field.hasFocus() and not palette.isVisible()
    palette.open_with(ENTRIES)
    palette.open_with(ENTRIES)
    assert not palette.isVisible()


def test_a_click_elsewhere_closes_it(qtbot: QtBot, ground: QWidget, palette: Palette) -> None:
    field = QLineEdit(ground)
    field.show()
    field.setFocus()
    assert not palette.isVisible() and field.hasFocus()


def test_it_stays_within_a_small_window(ground: QWidget, palette: Palette) -> None:
    ground.resize(360, 240)
    palette.place()
    assert ground.rect().contains(palette.geometry())


async def test_the_window_offers_what_makes_sense(window: MainWindow, bench: StandIn) -> None:
    window.conduct.command("palette")
    words = shown(window.palette_box)
    assert "Start" in words and "Stop" not in words and "Command palette" not in words
    assert {"Go to shop-front", "Go to blog", "Start blog"} <= set(words) and "Start shop-front" not in words
    write(window.palette_box.field, "go to docs")
    press(window.palette_box.field, Qt.Key.Key_Return)
    assert window.pane is not None and window.pane.project.id == "p3"


async def test_five_hundred_projects_are_offered_at_once(window: MainWindow, bench: StandIn) -> None:
    bench.list_changed(tuple(make_project(number, f"project-{number}") for number in range(1, 501)))
    window.conduct.command("palette")
    assert len(shown(window.palette_box)) > 1000
    write(window.palette_box.field, "start project-499")
    assert shown(window.palette_box)[0] == "Start project-499"
