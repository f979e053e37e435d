import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from craft_desktop.model.environment_draft import Standing
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from craft_desktop.ui.variable_table import EYE, NAME, VALUE, VariableTable
from craft_desktop.ui.variable_words import MASK, Row
from tests.ui.hands import press

SECRET = "sk_live_51H8k"
ROWS = [
    Row("A", Standing.KEPT),
    Row("B", Standing.ADDED, "New"),
    Row("C", Standing.REMOVED, "Will be removed"),
    Row("F", None, "Set by .env", is_masked=False),
]


@pytest.fixture
def table(qtbot: QtBot, theme: Theme, icons: Icons) -> VariableTable:
    made = VariableTable("t", "Environment variables", theme, icons)
    made.resize(700, 300)
    qtbot.addWidget(made)
    made.show()
    made.show_rows(ROWS)
    return made


def told(table: VariableTable) -> str:
    """Give everything that any role of any cell tells."""
    model = table.variables
    return " ".join(
        str(model.data(model.index(row, column), role))
        for row in range(model.rowCount())
        for column in range(model.columnCount())
        for role in range(32)
    )


def test_a_value_is_told_by_no_role_unless_it_is_revealed(table: VariableTable) -> None:
    assert told(table).count(MASK) >= 2
    table.variables.reveal("A", SECRET)
    assert SECRET in told(table)
    index = table.variables.index(0, VALUE)
    assert table.variables.data(index, Qt.ItemDataRole.ToolTipRole) is None
    table.variables.hide()
    assert SECRET not in told(table) and table.variables.revealed == frozenset()
    table.variables.reveal("A", SECRET)
    table.show_rows(ROWS)
    assert SECRET not in told(table)


def test_the_mask_does_not_tell_a_length(table: VariableTable) -> None:
    index = table.variables.index(0, VALUE)
    table.variables.reveal("A", "")
    assert table.variables.data(index) == "(empty)"
    table.variables.mask("A")
    assert table.variables.data(index) == MASK
    table.variables.wait("A")
    assert table.variables.data(index) == "Asking the keyring…"


@pytest.mark.parametrize(
    ("key", "wish"),
    [
        (Qt.Key.Key_Return, lambda table: table.edit_requested),
        (Qt.Key.Key_Space, lambda table: table.eye_requested),
        (Qt.Key.Key_Delete, lambda table: table.remove_requested),
    ],
)
def test_keys_are_wishes(
    qtbot: QtBot, table: VariableTable, key: Qt.Key, wish: Callable[[VariableTable], object]
) -> None:
    press(table, Qt.Key.Key_Down)
    assert table.row is not None and table.row.name == "B"
    with qtbot.waitSignal(wish(table)) as asked:
        press(table, key)
    assert asked.args == ["B"]


def test_copy_paste_and_the_eye(qtbot: QtBot, table: VariableTable) -> None:
    with qtbot.waitSignal(table.copy_requested):
        press(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(table.paste_requested):
        press(table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    place: QPoint = table.visualRect(table.variables.index(1, EYE)).center()
    with qtbot.waitSignal(table.eye_requested) as asked:
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert asked.args == ["B"]


def test_the_chosen_line_stays_or_its_neighbour_takes_over(table: VariableTable) -> None:
    table.choose("C")
    table.show_rows(ROWS[1:])
    assert table.row is not None and table.row.name == "C"
    table.show_rows(ROWS[:1])
    assert table.row is not None and table.row.name == "A"
    table.show_rows([])
    assert table.row is None
    table.tell(table.edit_requested)  # nobody is meant


def test_hostile_names_are_one_line_and_ten_thousand_are_no_burden(table: VariableTable) -> None:
    begun = time.monotonic()
    table.show_rows([Row(f"N{number:05}", Standing.KEPT) for number in range(10_000)] + [Row("A\nB\0", None)])
    table.choose("N09999")
    table.variables.reveal("N09999", "x" * 1_000_000)
    table.grab()
    assert time.monotonic() - begun < 2
    assert table.variables.data(table.variables.index(10_000, NAME)) == "A\\nB\\x00"


def test_it_follows_the_theme(table: VariableTable, theme: Theme) -> None:
    index = table.variables.index(0, VALUE)
    before = table.variables.data(index, Qt.ItemDataRole.ForegroundRole)
    theme.choose("dark")
    assert table.variables.data(index, Qt.ItemDataRole.ForegroundRole) == QColor(theme.colours.muted) != before
