from collections.abc import Mapping

import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.env_files import EnvFile, EnvFiles
from craft_desktop.model.errors import Problem
from craft_desktop.model.script import Framework
from craft_desktop.store.secrets import KeySource
from craft_desktop.ui.environment_bridge import Surroundings, Wish
from craft_desktop.ui.environment_dialog import EnvironmentDialog
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press, write
from tests.ui.stand_in import make_project

SECRET = "sk_live_51H8k"
LOCKED = Problem("The keyring refused", "It is locked.", "Unlock it.")
FILES = EnvFiles(Framework.NEXT, (EnvFile(".env", frozenset({"B", "F"})),))


@pytest.fixture
def dialog(qtbot: QtBot, icons: Icons) -> EnvironmentDialog:
    made = EnvironmentDialog(make_project(1, "shop-front"), icons)
    qtbot.addWidget(made)
    made.show_running(True)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.show_around(Surroundings(("A", "B"), KeySource.KEYRING, FILES))
    return made


def spoken(interface: QAccessibleInterface) -> str:
    """Give everything that a screen reader is given of a widget and all in it."""
    kinds = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help)
    own = [interface.text(kind) for kind in kinds]
    children = (interface.child(place) for place in range(interface.childCount()))
    return " ".join([*own, *(spoken(child) for child in children if child is not None)])


def everything(dialog: EnvironmentDialog) -> str:
    texts = [dialog.windowTitle(), spoken(QAccessible.queryAccessibleInterface(dialog))]
    for part in dialog.findChildren(QWidget):
        texts += [part.toolTip(), part.whatsThis(), part.statusTip(), part.accessibleName()]
        texts.append(part.accessibleDescription())
        if isinstance(part, QLabel | QLineEdit):
            texts.append(part.text())
        if isinstance(part, QPlainTextEdit):
            texts.append(part.toPlainText())
    return " ".join(texts)


def reveal(dialog: EnvironmentDialog, name: str) -> None:
    dialog.all.table.choose(name)
    press(dialog.all.table, Qt.Key.Key_Space)
    dialog.show_value(name, SECRET)


def add(dialog: EnvironmentDialog, name: str, value: str) -> None:
    click(dialog.all.add_button)
    write(dialog.editor.name, name)
    press(dialog.editor.name, Qt.Key.Key_Return)
    write(dialog.editor.value.edit, value)
    press(dialog.editor.value.edit, Qt.Key.Key_Return)


def lines(dialog: EnvironmentDialog) -> dict[str, str]:
    return {row.name: row.note for row in dialog.all.table.variables.rows}


def test_it_says_what_there_is_and_what_wins(dialog: EnvironmentDialog) -> None:
    assert not dialog.isModal() and dialog.windowTitle() == "Environment variables – shop-front"
    assert lines(dialog) == {"A": "", "B": "Wins over .env", "F": "Set by .env"}
    assert dialog.all.heading.text() == "2 variables" and "wins over .env" in dialog.all.files.text()
    assert dialog.foot.place.text() == "Values are kept in the system’s keyring."
    assert not dialog.foot.save_button.isEnabled()
    assert dialog.minimumSize().expandedTo(dialog.minimumSizeHint()).boundedTo(QSize(900, 600)) == dialog.minimumSize()


def test_a_value_is_nowhere_until_it_is_revealed(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    QGuiApplication.clipboard().setText("mine")
    dialog.all.table.choose("A")
    with qtbot.waitSignal(dialog.reveal_requested) as asked:
        press(dialog.all.table, Qt.Key.Key_Space)
    assert asked.args == ["A"]
    dialog.show_value("B", SECRET)  # another one than was asked for
    assert SECRET not in everything(dialog)
    dialog.show_value("A", SECRET)
    assert SECRET in everything(dialog)
    press(dialog.all.table, Qt.Key.Key_Space)
    assert SECRET not in everything(dialog) and QGuiApplication.clipboard().text() == "mine"


def test_it_hides_again_by_itself(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    reveal(dialog, "A")
    dialog._hiding.setInterval(1)
    dialog._hiding.start()
    qtbot.waitUntil(lambda: SECRET not in everything(dialog))
    reveal(dialog, "A")
    assert SECRET in everything(dialog)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: not dialog.isActiveWindow())
    assert SECRET not in everything(dialog)


def test_an_answer_that_comes_while_another_window_is_in_front_waits(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    dialog.all.table.choose("A")
    press(dialog.all.table, Qt.Key.Key_Space)
    prompt = QWidget()
    qtbot.addWidget(prompt)
    prompt.show()
    prompt.activateWindow()
    qtbot.waitUntil(lambda: not dialog.isActiveWindow())
    dialog.show_value("A", SECRET)
    assert SECRET not in everything(dialog)
    with qtbot.waitSignal(dialog.reveal_requested) as again:
        dialog.activateWindow()
    assert again.args == ["A"]
    dialog.show_value("A", SECRET)
    assert SECRET in everything(dialog)


def test_a_typed_value_is_masked_as_soon_as_it_is_taken_or_left(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    click(dialog.all.add_button)
    write(dialog.editor.name, "NEW")
    write(dialog.editor.value.edit, SECRET)
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.ActivationChange))  # still in front
    assert SECRET in everything(dialog)
    dialog.hide_values()
    assert SECRET not in everything(dialog) and dialog.editor.value.value == SECRET
    click(dialog.editor.done_button)
    assert SECRET not in everything(dialog) and dialog.draft.put == {"NEW": SECRET}


def test_it_is_copied_by_hand_alone(dialog: EnvironmentDialog) -> None:
    dialog.all.table.choose("A")
    press(dialog.all.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    dialog.show_value("A", SECRET)
    assert QGuiApplication.clipboard().text() == SECRET and SECRET not in everything(dialog)
    assert QGuiApplication.clipboard().mimeData().hasFormat("x-kde-passwordManagerHint")
    assert dialog.foot.effect.text() == "The value of A is in the clipboard."


def test_all_changes_are_saved_at_once(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    asked: list[tuple[Mapping[str, str], frozenset[str]]] = []
    dialog.save_requested.connect(lambda put, drop: asked.append((put, drop)))
    add(dialog, "NEW", SECRET)
    dialog.all.table.choose("A")
    press(dialog.all.table, Qt.Key.Key_Delete)
    dialog.all.table.choose("F")
    press(dialog.all.table, Qt.Key.Key_Return)
    assert dialog.editor.name.text() == "F"
    write(dialog.editor.value.edit, "here")
    press(dialog.editor.value.edit, Qt.Key.Key_Return)
    assert lines(dialog) == {"A": "Will be removed", "B": "Wins over .env", "F": "New, wins over .env", "NEW": "New"}
    assert dialog.foot.effect.text() == "3 changes. Saving restarts the dev server, once."
    click(dialog.foot.save_button)
    click(dialog.foot.save_button)
    assert asked == [({"NEW": SECRET, "F": "here"}, frozenset({"A"}))]
    assert not dialog.pages.isEnabled() and dialog.foot.effect.text().startswith("Saving…")
    dialog.show_saved(KeySource.MEMORY, ("B", "F", "NEW"))
    assert dialog.draft.changes == 0 and dialog.pages.isEnabled() and "this run only" in dialog.foot.place.text()
    assert dialog.foot.effect.text() == "Saved. The dev server restarts."


def test_a_keyring_that_fails_midway_loses_nothing(dialog: EnvironmentDialog) -> None:
    add(dialog, "NEW", SECRET)
    before = dialog.draft
    click(dialog.foot.save_button)
    dialog.show_problem(Wish.SAVE, LOCKED)
    assert dialog.draft == before and dialog.foot.save_button.isEnabled()
    assert dialog.problem.text().endswith("Unlock it. Your changes are still here.")
    click(dialog.foot.save_button)
    assert not dialog.problem.isVisible()
    dialog.close()  # out of sight, while it saves
    assert not dialog.isVisible()
    dialog.show_problem(Wish.SAVE, LOCKED)
    assert dialog.isVisible() and dialog.draft == before


def test_names_that_cannot_be_read_are_not_waited_for_for_ever(qtbot: QtBot, icons: Icons) -> None:
    blind = EnvironmentDialog(make_project(1, "shop-front"), icons)
    qtbot.addWidget(blind)
    blind.show()
    blind.show_problem(Wish.LOOK, LOCKED)
    assert blind.all.heading.text() == "The variables could not be read" and blind.problem.isVisible()
    assert not blind.foot.save_button.isEnabled() and not blind.all.add_button.isEnabled()


def test_a_value_that_cannot_be_read_is_said_and_can_be_replaced(dialog: EnvironmentDialog) -> None:
    dialog.all.table.choose("A")
    press(dialog.all.table, Qt.Key.Key_Return)
    click(dialog.editor.value.show_button)
    dialog.show_problem(Wish.REVEAL, LOCKED)
    assert dialog.problem.isVisible() and dialog.editor.value.show_button.isEnabled()
    click(dialog.editor.value.replace_button)
    write(dialog.editor.value.edit, "new")
    press(dialog.editor.value.edit, Qt.Key.Key_Return)
    assert dialog.draft.put == {"A": "new"}


def test_what_came_of_a_save_is_said_while_the_dev_server_restarts(dialog: EnvironmentDialog) -> None:
    add(dialog, "NEW", SECRET)
    click(dialog.foot.save_button)
    dialog.show_saved(KeySource.KEYRING, ("A", "B", "NEW"))
    for is_running in (True, False, True):
        dialog.show_running(is_running)
        assert dialog.foot.effect.text() == "Saved. The dev server restarts."
    add(dialog, "MORE", SECRET)
    assert dialog.foot.effect.text() == "1 change. Saving restarts the dev server, once."
    dialog.show_running(False)
    assert dialog.foot.effect.text() == "1 change. In force from the next start."


def test_what_is_not_saved_is_asked_about_in_place(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    add(dialog, "NEW", SECRET)
    press(dialog.all.table, Qt.Key.Key_Escape)
    assert dialog.isVisible() and dialog.question.words.text() == "1 change is not saved."
    assert dialog.question.keep_button.hasFocus()
    press(dialog.question.keep_button, Qt.Key.Key_Escape)
    assert not dialog.question.isVisible() and dialog.draft.changes == 1
    dialog.close()
    with qtbot.waitSignal(dialog.save_requested):
        click(dialog.question.save_button)
    with qtbot.waitSignal(dialog.closed):
        dialog.show_saved(KeySource.KEYRING, ("A", "B", "NEW"))
    assert not dialog.isVisible()


def test_discarded_means_gone(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    add(dialog, "NEW", SECRET)
    dialog.close()
    with qtbot.waitSignal(dialog.closed):
        click(dialog.question.discard_button)
    assert dialog.draft.changes == 0 and not dialog.isVisible()


def test_a_page_that_was_begun_is_asked_about_too(dialog: EnvironmentDialog) -> None:
    click(dialog.all.add_button)
    press(dialog.editor.name, Qt.Key.Key_Escape)
    assert dialog.pages.currentWidget() is dialog.all
    click(dialog.all.add_button)
    write(dialog.editor.name, "NEW")
    press(dialog.editor.name, Qt.Key.Key_Escape)
    assert dialog.question.words.text() == "What you entered is not in the list yet."
    assert not dialog.question.save_button.isVisible()
    click(dialog.question.discard_button)
    assert dialog.pages.currentWidget() is dialog.all and dialog.isVisible() and lines(dialog).keys() == {"A", "B", "F"}


def test_nothing_to_lose_closes_at_once(qtbot: QtBot, dialog: EnvironmentDialog) -> None:
    assert dialog.ask_to_leave()
    with qtbot.waitSignal(dialog.closed):
        press(dialog.all.table, Qt.Key.Key_Escape)


def test_a_pasted_text_joins_the_other_changes(dialog: EnvironmentDialog) -> None:
    QGuiApplication.clipboard().setText(f"A={SECRET}\nZ=1")
    press(dialog.all.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert dialog.pages.currentWidget() is dialog.paste and SECRET not in everything(dialog)
    click(dialog.paste.take_button)
    assert dialog.draft.put == {"A": SECRET, "Z": "1"} and SECRET not in everything(dialog)


def test_ten_thousand_variables_are_shown_and_changed(dialog: EnvironmentDialog) -> None:
    dialog.show_around(Surroundings(tuple(f"N{number:05}" for number in range(10_000)), KeySource.KEYRING, FILES))
    dialog.all.table.choose("N09999")
    press(dialog.all.table, Qt.Key.Key_Delete)
    assert dialog.draft.drop == {"N09999"} and dialog.all.heading.text() == "9,999 variables"


def test_every_control_has_a_name_and_is_reached_by_tab(dialog: EnvironmentDialog, theme: Theme) -> None:
    theme.choose("dark")
    for opener in (None, dialog.all.add_button, dialog.all.paste_button):
        if opener is not None:
            click(opener)
        reached: list[QWidget] = []
        at: QWidget | None = dialog.nextInFocusChain()
        while at is not None and at is not dialog:
            if at.isVisible() and at.isEnabled() and at.focusPolicy() & Qt.FocusPolicy.TabFocus:
                reached.append(at)
            at = at.nextInFocusChain()
        assert len(reached) >= 3
        for control in reached:
            interface = QAccessible.queryAccessibleInterface(control)
            assert interface.text(QAccessible.Text.Name), control.objectName()
        dialog._back()
