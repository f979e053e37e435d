import time

import pytest
from PySide6.QtCore import QMimeData, Qt
from pytestqt.qtbot import QtBot

from craft_desktop.ui.value_field import ValueField
from craft_desktop.ui.variable_words import MASK
from tests.ui.hands import click, press, write

SECRET = "sk_live_51H8k"


@pytest.fixture
def field(qtbot: QtBot) -> ValueField:
    made = ValueField()
    qtbot.addWidget(made)
    made.show()
    return made


def texts(field: ValueField) -> str:
    return "".join((field.edit.toPlainText(), field.masked.text(), field.edit.accessibleName(), field.toolTip()))


def test_a_value_is_in_no_widget_while_it_is_masked(field: ValueField) -> None:
    write(field.edit, SECRET)
    assert field.value == SECRET and SECRET in texts(field)
    click(field.show_button)
    assert not field.is_shown and field.value == SECRET
    assert SECRET not in texts(field) and field.masked.text() == MASK
    field.edit.undo()
    assert SECRET not in texts(field) and field.value == SECRET
    click(field.show_button)
    assert field.edit.toPlainText() == SECRET


def test_a_kept_one_is_asked_for_once_it_is_wanted(qtbot: QtBot, field: ValueField) -> None:
    field.put(None)
    assert not field.is_shown and field.value is None
    with qtbot.waitSignal(field.show_requested):
        click(field.show_button)
    assert not field.show_button.isEnabled() and field.show_button.text() == "Asking…"
    field.calm()
    assert field.show_button.isEnabled()
    field.reveal(SECRET)
    assert field.edit.toPlainText() == field.value == SECRET


def test_a_kept_one_may_be_replaced_unseen(field: ValueField) -> None:
    field.put(None)
    click(field.replace_button)
    write(field.edit, "new")
    field.reveal("old, late")
    assert field.value == "new"


def test_looking_alone_changes_nothing(field: ValueField) -> None:
    odd = "a\r\nb\u2029c\u00a0d"  # Qt's document would give these back as other characters
    field.put(odd)
    field.reveal(odd)
    field.hide_value()
    assert field.value == odd


def test_pasted_lines_stay_and_what_is_too_large_is_refused_at_once(qtbot: QtBot, field: ValueField) -> None:
    pasted = QMimeData()
    pasted.setText("one\ntwo")
    field.edit.insertFromMimeData(pasted)
    press(field.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    write(field.edit, "three")
    assert field.value == "one\ntwo\nthree"
    pasted.setText("x" * 1_000_000)
    begun = time.monotonic()
    with qtbot.waitSignal(field.refused) as refused:
        field.edit.insertFromMimeData(pasted)
    assert refused.args == [1_000_000] and field.value == "one\ntwo\nthree"
    assert time.monotonic() - begun < 0.5
    with qtbot.waitSignal(field.entered):
        press(field.edit, Qt.Key.Key_Return)


def test_an_empty_one_has_nothing_to_hide(field: ValueField) -> None:
    field.hide_value()
    assert field.is_shown and not field.show_button.isEnabled()
