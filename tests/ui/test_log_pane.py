from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_pane import LogPane
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press
from tests.ui.stand_in import NOW


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme, icons: Icons) -> LogPane:
    made = LogPane(theme, icons, "shop-front")
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
    assert [pane.tabs.tabText(index) for index in range(3)] == ["Install", "Dev server", "Activity"]
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
