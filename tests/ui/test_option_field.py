import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Problem, SettingError
from craft_desktop.model.settings import BY_KEY, OPTIONS, Option, check
from craft_desktop.ui.option_field import OptionField
from tests.ui.hands import click, press, write


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_every_option_has_a_field(qtbot: QtBot, option: Option) -> None:
    field = OptionField(option)
    qtbot.addWidget(field)
    field.show_value(option.default)
    if isinstance(option.default, bool):
        assert field.box is not None and field.box.isChecked() is option.default
        assert field.box.text() == option.help and option.label in field.box.accessibleName()
    elif option.choices:
        assert [name for name, button in field.buttons.items() if button.isChecked()] == [str(option.default)]
    else:
        assert field.edit is not None and field.edit.text() == str(option.default)
        assert field.edit.accessibleName() == option.label


def test_typing_and_return_is_an_intention(qtbot: QtBot) -> None:
    field = OptionField(BY_KEY["install_limit_s"])
    qtbot.addWidget(field)
    assert field.edit is not None
    field.edit.setText(" 300 ")
    with qtbot.waitSignal(field.changed) as changed:
        press(field.edit, Qt.Key.Key_Return)
    assert changed.args == ["install_limit_s", "300"]


def test_what_is_unchanged_is_not_told(qtbot: QtBot) -> None:
    field = OptionField(BY_KEY["install_limit_s"])
    qtbot.addWidget(field)
    told: list[object] = []
    field.changed.connect(lambda *what: told.append(what))
    assert field.edit is not None
    field.edit.editingFinished.emit()
    assert told == []


def test_a_refusal_stands_beside_the_field(qtbot: QtBot) -> None:
    field = OptionField(BY_KEY["install_limit_s"])
    qtbot.addWidget(field)
    field.show()
    assert field.edit is not None
    field.edit.setText("soon")
    with pytest.raises(SettingError) as refused:
        check("install_limit_s", "soon")
    field.show_problem(refused.value.problem)
    assert field.error.isVisible() and "“soon” is not a whole number." in field.error.text()
    assert field.edit.property("bad") is True and field.edit.accessibleDescription() == field.error.text()
    field.show_value(120)
    assert field.edit.text() == "soon"  # to be mended, not lost
    field.show_problem(None)
    field.show_value(300)
    assert not field.error.isVisible() and field.edit.text() == "300"


def test_a_value_set_elsewhere_is_shown_but_not_over_what_is_being_typed(qtbot: QtBot) -> None:
    field = OptionField(BY_KEY["install_limit_s"])
    qtbot.addWidget(field)
    field.show()
    field.activateWindow()
    assert field.edit is not None
    field.edit.setFocus()
    qtbot.waitUntil(field.edit.hasFocus)
    field.show_value(200)
    assert field.edit.text() == "200"
    field.edit.selectAll()
    write(field.edit, " 25")
    field.show_value(300)
    assert field.edit.text() == " 25"
    field.show_value(25)  # it was taken
    field.show_problem(None)
    assert field.edit.text() == "25"


def test_a_choice_is_an_intention(qtbot: QtBot) -> None:
    field = OptionField(BY_KEY["theme"])
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.changed) as changed:
        click(field.buttons["dark"])
    assert changed.args == ["theme", "dark"]
    field.show_value("light")
    assert field.buttons["light"].isChecked() and not field.buttons["dark"].isChecked()


def test_a_switch_is_an_intention_and_goes_back_when_it_is_refused(qtbot: QtBot) -> None:
    field = OptionField(BY_KEY["tray"])
    qtbot.addWidget(field)
    field.show()
    assert field.box is not None
    with qtbot.waitSignal(field.changed) as changed:
        press(field.box, Qt.Key.Key_Space)
    assert changed.args == ["tray", True]
    field.show_problem(Problem("t", "There is no tray here.", "Keep it off."))
    assert not field.box.isChecked() and field.error.isVisible()
    assert field.box.accessibleDescription() == "There is no tray here. Keep it off."
    field.show_problem(None)
    field.show_value(True)
    assert field.box.isChecked() and not field.error.isVisible()


def test_a_choice_that_was_refused_goes_back(qtbot: QtBot) -> None:
    field = OptionField(BY_KEY["theme"])
    qtbot.addWidget(field)
    field.show_value("light")
    click(field.buttons["dark"])
    field.show_problem(Problem("t", "The disk is full.", "Make room."))
    assert field.buttons["light"].isChecked() and not field.buttons["dark"].isChecked()
