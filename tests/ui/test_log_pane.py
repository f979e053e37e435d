from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.levels import Level
from craft_desktop.model.places import Place
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_pane import LogPane
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press
from tests.ui.stand_in import NOW


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme, icons: Icons) -> LogPane:
    made = LogPane(theme, icons, "shop-front", lambda: NOW)
    qtbot.addWidget(made)
    made.resize(640, 240)
    made.show()
    made.add(LogLine("p1", stream, f"{stream.value} {number}", NOW) for stream in Stream for number in range(40))
    made.add_line(LogLine("p1", Stream.SERVER, "\x1b[32mlast\x1b[0m", NOW))
    for view in made.views.values():
        while view.is_busy:
            view.flush()
    return made


def test_each_stream_has_its_tab(pane: LogPane) -> None:
    names = ["Install", "Dev server", "Browser", "Activity", "Health"]
    assert [pane.tabs.tabText(index) for index in range(pane.tabs.count())] == names
    for stream in Stream:
        pane.show_stream(stream)
        assert pane.view.isVisible() and pane.view.toPlainText().startswith(f"{stream.value} 0\n")
    assert pane.views[Stream.SERVER].toPlainText().endswith("\nlast")


def test_copy(qtbot: QtBot, pane: LogPane) -> None:
    pane.show_stream(Stream.SERVER)
    click(pane.copy_button)
    assert QGuiApplication.clipboard().text() == pane.view.toPlainText()
    pane.view.setTextCursor(pane.view.document().find("server 7"))
    click(pane.copy_button)
    assert QGuiApplication.clipboard().text() == "server 7"


def test_clear_is_for_the_log_in_sight(qtbot: QtBot, pane: LogPane) -> None:
    click(pane.clear_button)
    assert pane.views[Stream.INSTALL].toPlainText() == "" and pane.views[Stream.SERVER].toPlainText() != ""


def test_the_follow_button_tells_and_takes(qtbot: QtBot, pane: LogPane) -> None:
    pane.view.verticalScrollBar().setValue(0)
    assert not pane.follow_button.isChecked()
    pane.show_stream(Stream.SERVER)
    assert pane.follow_button.isChecked()
    pane.show_stream(Stream.INSTALL)
    assert not pane.follow_button.isChecked()
    click(pane.follow_button)
    bar = pane.view.verticalScrollBar()
    assert pane.view.follows and bar.value() == bar.maximum()


def test_times_and_wrapping_are_for_all(qtbot: QtBot, pane: LogPane) -> None:
    click(pane.times_button)
    click(pane.wrap_button)
    for view in pane.views.values():
        while view.is_busy:
            view.flush()
        assert view.toPlainText()[2] == ":" and view.lineWrapMode() is view.LineWrapMode.WidgetWidth


def test_find_follows_the_tab(qtbot: QtBot, pane: LogPane) -> None:
    pane.open_search()
    assert pane.find_button.isChecked() and pane.find_bar.isVisible()
    pane.find_bar.field.setText("server")
    assert pane.find_bar.count.text() == "No hits"
    pane.show_stream(Stream.SERVER)
    assert pane.find_bar.count.text() == "40 hits"
    press(pane.find_bar.field, Qt.Key.Key_Escape)
    assert not pane.find_button.isChecked() and not pane.find_bar.isVisible()
    click(pane.find_button)
    assert pane.find_bar.isVisible()
    click(pane.find_button)
    assert not pane.find_bar.isVisible()


def test_save_asks_for_a_place_without_stopping_anything(qtbot: QtBot, pane: LogPane, tmp_path: Path) -> None:
    pane.show_stream(Stream.SERVER)
    click(pane.save_button)
    dialog = pane.findChild(QFileDialog, "saveLogDialog")
    assert isinstance(dialog, QFileDialog)
    with qtbot.waitSignal(pane.save_requested) as asked:
        dialog.fileSelected.emit(str(tmp_path / "server.log"))
    assert asked.args == [Stream.SERVER, tmp_path / "server.log"]
    dialog.close()


def flush(pane: LogPane) -> None:
    for view in pane.views.values():
        while view.is_busy:
            view.flush()


def test_the_health_view_has_no_use_for_the_logs_tools(pane: LogPane) -> None:
    pane.show_stream(Stream.SERVER)
    pane.open_search()
    pane.show_health()
    assert pane.is_health_shown and pane.health.isVisible()
    assert not pane.find_button.isVisible() and not pane.find_bar.isVisible() and not pane.find_button.isChecked()
    assert pane.stream is Stream.SERVER
    pane.open_search()
    assert not pane.is_health_shown and pane.view.isVisible() and pane.find_bar.isVisible()


def test_errors_of_the_page_are_counted(pane: LogPane) -> None:
    at = list(Stream).index(Stream.BROWSER)

    def said(text: str, level: Level, stream: Stream = Stream.BROWSER) -> LogLine:
        return LogLine("p1", stream, text, NOW, level)

    pane.add_line(said("boom", Level.ERROR))
    pane.add([said("    at f", Level.ERROR), said("GET /x 500", Level.ERROR), said("careful", Level.WARNING)])
    pane.add_line(said("not of the page", Level.ERROR, Stream.SERVER))
    assert pane.tabs.tabText(at) == "Browser 2" and pane.tabs.tabToolTip(at) == "Errors of the page: 2"
    pane.add(said(str(number), Level.ERROR) for number in range(200))
    assert pane.tabs.tabText(at) == "Browser 99+"
    pane.show_stream(Stream.INSTALL)
    click(pane.clear_button)
    assert pane.tabs.tabText(at) == "Browser 99+"
    pane.show_stream(Stream.BROWSER)
    click(pane.clear_button)
    assert pane.tabs.tabText(at) == "Browser" and pane.tabs.tabToolTip(at) == ""
    pane.add_line(said("again", Level.ERROR))
    pane.forget_errors()
    assert pane.tabs.tabText(at) == "Browser"


def test_the_level_filter_is_for_all(pane: LogPane) -> None:
    pane.add_line(LogLine("p1", Stream.SERVER, "Error: boom", NOW))
    pane.levels.choose(Level.ERROR)
    flush(pane)
    assert pane.views[Stream.SERVER].toPlainText() == "Error: boom"
    assert pane.views[Stream.INSTALL].toPlainText() == ""
    pane.levels.choose(Level.INFO)
    flush(pane)
    assert pane.views[Stream.INSTALL].toPlainText().startswith("install 0\n")


def test_a_place_is_an_intention(qtbot: QtBot, pane: LogPane) -> None:
    pane.is_there = lambda place: place.path == "app/page.tsx"
    pane.add_line(LogLine("p1", Stream.SERVER, "at app/page.tsx:4:5", NOW))
    flush(pane)
    pane.show_stream(Stream.SERVER)
    pane.view.moveCursor(pane.view.textCursor().MoveOperation.End)
    with qtbot.waitSignal(pane.place_requested) as asked:
        press(pane.view, Qt.Key.Key_Return)
    assert asked.args == [Place("app/page.tsx", 4, 5)]


@pytest.mark.parametrize("errors", [0, 9])
def test_all_tools_fit_a_window_of_900(pane: LogPane, errors: int) -> None:
    pane.add(LogLine("p1", Stream.BROWSER, "x", NOW, Level.ERROR) for _ in range(errors))
    pane.show_stream(Stream.BROWSER)
    pane.resize(651, 200)  # the list at its usual width
    QApplication.sendPostedEvents()  # the new word is laid out
    assert pane.clear_button.isVisible() and not pane.more_button.isVisible()
    last = pane.tabs.mapTo(pane, pane.tabs.tabRect(pane.tabs.count() - 1).topRight())
    assert last.x() <= pane.find_button.mapTo(pane, pane.find_button.rect().topLeft()).x()


def test_in_a_narrow_pane_some_tools_are_in_a_menu(pane: LogPane) -> None:
    pane.add(LogLine("p1", Stream.BROWSER, "x", NOW, Level.ERROR) for _ in range(200))
    pane.resize(544, 200)  # the least window
    assert pane.minimumSizeHint().width() <= 544
    assert pane.more_button.isVisible() and not pane.clear_button.isVisible()
    menu = pane.more_button.menu()
    assert menu is not None
    actions = {action.text(): action for action in menu.actions()}
    actions["Show times"].trigger()
    assert pane.times_button.isChecked() and actions["Show times"].isChecked()
    actions["Clear the view"].trigger()
    assert pane.view.toPlainText() == ""
    last = pane.tabs.tabRect(pane.tabs.count() - 1)
    assert last.right() <= pane.tabs.width()


def test_the_tabs_stay_where_they_are_as_the_health_view_comes(pane: LogPane) -> None:
    pane.show_stream(Stream.SERVER)
    before = pane.tabs.geometry()
    pane.show_health()
    QApplication.sendPostedEvents()
    assert (pane.tabs.y(), pane.tabs.height()) == (before.y(), before.height())
