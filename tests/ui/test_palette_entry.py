from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QListView, QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from craft_desktop.ui.palette_entry import ENTRY_ROLE, PLACES_ROLE, ROW, Entry, EntryModel, EntryPainter, native
from craft_desktop.ui.theme import Theme

ENTRIES = (
    Entry("start", "Start", keys="Ctrl+Return"),
    Entry("show", "Go to shop-front", "p1", "/home/ada/shop-front"),
)


def make_model(typed: str, parent: QObject) -> EntryModel:
    model = EntryModel(parent)
    model.set_entries(ENTRIES)
    model.set_typed(typed)
    return model


def test_a_screen_reader_hears_words_detail_and_keys(qtbot: QtBot) -> None:
    view = QListView()
    qtbot.addWidget(view)
    model = make_model("", view)
    heard = [model.data(model.index(row, 0), int(Qt.ItemDataRole.AccessibleTextRole)) for row in (0, 1)]
    assert heard == ["Start, Ctrl+Return", "Go to shop-front, /home/ada/shop-front"]


def test_letters_choose_and_are_told_where_they_stand(qtbot: QtBot) -> None:
    view = QListView()
    qtbot.addWidget(view)
    model = make_model("shop", view)
    index = model.index(0)
    assert model.rowCount() == 1 and model.data(index, ENTRY_ROLE) == ENTRIES[1]
    assert model.data(index, PLACES_ROLE) == (6, 7, 8, 9)
    assert model.data(model.index(7)) is None


def test_a_row_is_painted_chosen_or_not(qtbot: QtBot, theme: Theme) -> None:
    view = QListView()
    qtbot.addWidget(view)
    model = make_model("go", view)
    painter_of_rows = EntryPainter(theme, view)
    pictures = []
    for state in (QStyle.StateFlag.State_Enabled, QStyle.StateFlag.State_Selected):
        option = QStyleOptionViewItem()
        option.initFrom(view)
        option.rect, option.state = QRect(0, 0, 300, ROW), state
        picture = QPixmap(300, ROW)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        painter_of_rows.paint(painter, option, model.index(0))
        painter.end()
        pictures.append(picture.toImage())
    blank = QPixmap(300, ROW)
    blank.fill(Qt.GlobalColor.white)
    assert pictures[0] != pictures[1] and blank.toImage() not in pictures


def test_keys_are_written_as_the_system_writes_them() -> None:
    assert native(("Ctrl+K", "Ctrl+J")) == "Ctrl+K" and native(()) == ""
