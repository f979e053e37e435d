import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.key_field import KeyField
from tests.ui.hands import click, write


@pytest.fixture
def field(qtbot: QtBot, icons: Icons) -> KeyField:
    made = KeyField(icons)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    ("source", "words", "can_edit", "can_test", "can_forget"),
    [
        (KeySource.NONE, "No key yet", True, False, False),
        (KeySource.ENVIRONMENT, "E2B_API_KEY", False, True, False),
        (KeySource.KEYRING, "keyring", True, True, True),
        (KeySource.MEMORY, "this run only", True, True, True),
    ],
)
def test_states(
    field: KeyField, source: KeySource, words: str, can_edit: bool, can_test: bool, can_forget: bool
) -> None:
    field.show_key(KeyState(source, "" if source is KeySource.NONE else "•••• 7f3a"))
    assert words in field.place.text()
    assert field.edit.isEnabled() is can_edit
    assert field.test_button.isEnabled() is can_test
    assert field.forget_button.isEnabled() is can_forget
    assert field.edit.placeholderText() == ("e2b_…" if source is KeySource.NONE else "•••• 7f3a")


def test_the_key_is_masked_and_leaves_the_field(qtbot: QtBot, field: KeyField) -> None:
    assert field.edit.echoMode() is QLineEdit.EchoMode.Password
    assert not field.save_button.isEnabled()
    write(field.edit, "e2b_secret7f3a")
    with qtbot.waitSignal(field.saved) as saved:
        click(field.save_button)
    assert saved.args == ["e2b_secret7f3a"]
    field.show_key(KeyState(KeySource.KEYRING, "•••• 7f3a"))
    assert field.edit.text() == ""


def test_testing_and_removing(qtbot: QtBot, field: KeyField) -> None:
    field.show_key(KeyState(KeySource.KEYRING, "•••• 7f3a"))
    with qtbot.waitSignal(field.test_requested):
        click(field.test_button)
    assert field.test_button.text() == "Cancel test" and "service is asked" in field.words.text()
    with qtbot.waitSignal(field.test_cancelled):
        click(field.test_button)
    field.show_words("", is_good=False)
    assert field.test_button.text() == "Test key" and not field.words.isVisible()
    field.show_words("e2b.app accepts the key.", is_good=True)
    assert field.words.isVisible() and field.words.property("role") == "good" and field.test_button.isEnabled()
    field.show_words("Refused.", is_good=False)
    assert field.words.property("role") == "error"
    with qtbot.waitSignal(field.forgotten):
        click(field.forget_button)
