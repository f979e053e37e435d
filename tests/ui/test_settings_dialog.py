from dataclasses import fields

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Problem
from craft_desktop.model.project import Provider
from craft_desktop.model.settings import OPTIONS, Settings
from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.settings_dialog import SECTIONS, SettingsDialog
from tests.ui.hands import click, press


def test_no_option_is_missing() -> None:
    placed = [key for _, keys in SECTIONS for key in keys]
    assert sorted(placed) == sorted(option.key for option in OPTIONS)
    assert {field.name for field in fields(Settings)} == set(placed)


def test_it_shows_changes_and_refuses_in_place(qtbot: QtBot, icons: Icons) -> None:
    dialog = SettingsDialog(icons)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.isModal()
    dialog.show_settings(Settings(provider=Provider.E2B, preview_port=5000, theme="dark"))
    assert dialog.fields["provider"].buttons["e2b"].isChecked()
    assert dialog.fields["theme"].buttons["dark"].isChecked()
    port = dialog.fields["preview_port"].edit
    assert port is not None and port.text() == "5000"
    port.setText("80")
    with qtbot.waitSignal(dialog.setting_changed) as changed:
        press(port, Qt.Key.Key_Return)
    assert changed.args == ["preview_port", "80"]
    assert dialog.isVisible()  # Return in a field does not close it
    dialog.show_answer("preview_port", Problem("t", "80 is out of bounds.", "Choose another."))
    assert dialog.fields["preview_port"].error.isVisible()
    dialog.show_answer("no such key", None)
    dialog.show_key(KeyState(KeySource.MEMORY, "•••• 7f3a"))
    dialog.show_key_words("fine", True)
    assert "this run only" in dialog.key_field.place.text()
    close = dialog.findChild(QPushButton, "settingsClose")
    click(close)
    assert not dialog.isVisible()


def test_headings_lead_to_their_fields_by_keyboard(qtbot: QtBot, icons: Icons) -> None:
    dialog = SettingsDialog(icons)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    dialog.headings.setFocus()
    titles = [dialog.headings.item(row).text() for row in range(dialog.headings.count())]
    assert titles == [title for title, _ in SECTIONS]
    for row, (_, keys) in enumerate(SECTIONS):
        assert dialog.pages.currentIndex() == row
        assert [field.isVisible() for field in dialog.fields.values()].count(True) == len(keys)
        press(dialog.headings, Qt.Key.Key_Down)


def test_tab_reaches_every_field_of_a_page_and_leaves_it(qtbot: QtBot, icons: Icons) -> None:
    dialog = SettingsDialog(icons)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    for row, (_, keys) in enumerate(SECTIONS):
        dialog.headings.setCurrentRow(row)
        dialog.headings.setFocus()
        seen: set[str] = set()
        for _ in range(40):  # more than any page has
            focused = dialog.focusWidget()
            assert focused is not None
            if focused is dialog.findChild(QPushButton, "settingsClose"):
                break
            seen.add(focused.objectName())
            press(focused, Qt.Key.Key_Tab)
        else:
            raise AssertionError(f"Tab does not leave {SECTIONS[row][0]}")
        assert all(any(key in name for name in seen) for key in keys), (keys, seen)


def test_it_fits_a_small_screen(qtbot: QtBot, icons: Icons) -> None:
    dialog = SettingsDialog(icons)
    qtbot.addWidget(dialog)
    assert dialog.minimumSizeHint().height() < 400
    assert dialog.width() <= 900 and dialog.height() <= 600
