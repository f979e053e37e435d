import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from craft_desktop.model.env_files import EnvFile, EnvFiles
from craft_desktop.model.environment_draft import Draft
from craft_desktop.model.script import Framework
from craft_desktop.ui.variable_editor import VariableEditor
from tests.ui.hands import click, press, write

FILES = EnvFiles(Framework.NEXT, (EnvFile(".env", frozenset({"F"})),))
DRAFT = Draft(frozenset({"A"})).setting({"B": "typed before"})


@pytest.fixture
def editor(qtbot: QtBot) -> VariableEditor:
    made = VariableEditor()
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_new_one_is_typed_and_taken_by_keys_alone(qtbot: QtBot, editor: VariableEditor) -> None:
    editor.add(DRAFT, FILES)
    assert not editor.is_touched and not editor.done_button.isEnabled()
    write(editor.name, "API_URL")
    press(editor.name, Qt.Key.Key_Return)
    write(editor.value.edit, "http://x")
    assert editor.is_touched
    with qtbot.waitSignal(editor.done) as done:
        press(editor.value.edit, Qt.Key.Key_Return)
    assert done.args == ["API_URL", "http://x"]
    editor.forget()
    assert editor.name.text() == "" and editor.value.value == "" and not editor.is_touched


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("A", "There is a variable of that name already."),
        ("B", "There is a variable of that name already."),
        ("X=Y", "Only letters"),
        ("PORT", "The program itself chooses where"),
    ],
)
def test_a_bad_name_is_refused_where_it_stands(editor: VariableEditor, name: str, why: str) -> None:
    editor.add(DRAFT, FILES)
    editor.name.setText(name)
    assert editor.words.text().startswith(why) and editor.name.property("bad") is True
    assert not editor.done_button.isEnabled()
    press(editor.name, Qt.Key.Key_Return)
    editor.name.setText("GOOD")
    assert editor.words.text() == "" and editor.done_button.isEnabled()


def test_pasted_newlines_and_nuls_do_not_slip_into_a_name(editor: VariableEditor) -> None:
    editor.add(DRAFT, FILES)
    for hostile in ("GOOD\nEVIL=1", "GOOD\0", "G" * 10_000):
        editor.name.setText(hostile)
        assert not editor.done_button.isEnabled() or editor.name.text() == "G" * editor.name.maxLength()


def test_a_bad_value_is_refused_without_a_word_of_it(editor: VariableEditor) -> None:
    editor.add(DRAFT, FILES, "F")
    assert editor.words.text() == ".env sets it too; what is set here wins."
    editor.value.edit.insertPlainText("sec\0ret")
    assert "NUL" in editor.value_words.text() and "sec" not in editor.value_words.text()
    assert not editor.done_button.isEnabled()
    editor.value.edit.refused.emit(1_000_000)
    assert "1,000,000 characters" in editor.value_words.text() and ".env.local" in editor.value_words.text()


def test_one_in_force_is_changed_unseen_or_after_it_was_asked_for(qtbot: QtBot, editor: VariableEditor) -> None:
    editor.change(DRAFT, FILES, "A")
    assert editor.name.isReadOnly() and editor.done_button.isEnabled() and not editor.is_touched
    with qtbot.waitSignal(editor.show_requested) as asked:
        click(editor.value.show_button)
    assert asked.args == ["A"]
    editor.reveal("B", "another's")
    assert editor.value.value is None
    editor.reveal("A", "kept")
    assert editor.value.value == "kept" and not editor.is_touched
    write(editor.value.edit, "x")
    assert editor.is_touched


def test_one_typed_before_is_masked_and_not_asked_for(editor: VariableEditor) -> None:
    editor.change(DRAFT, FILES, "B")
    assert not editor.value.is_shown and editor.value.value == "typed before"
    click(editor.value.show_button)
    assert editor.value.edit.toPlainText() == "typed before"


def test_the_buttons_of_a_kept_value_stand_beside_it(qtbot: QtBot, editor: VariableEditor) -> None:
    editor.change(DRAFT, FILES, "A")
    value = editor.value
    qtbot.waitUntil(lambda: value.replace_button.x() > value.show_button.x())
    assert value.replace_button.y() == value.show_button.y()
