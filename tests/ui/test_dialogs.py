from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QFileDialog, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import ChoiceError, Problem
from craft_desktop.model.settings import Settings
from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.ui.dialogs import Dialogs
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.settings_dialog import SettingsDialog
from craft_desktop.ui.shortcuts_dialog import ShortcutsDialog


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def dialogs(owner: QWidget, icons: Icons) -> Dialogs:
    return Dialogs(icons, owner)


def test_what_is_not_open_is_not_made(dialogs: Dialogs, owner: QWidget) -> None:
    dialogs.show_settings(Settings())
    dialogs.show_answer("theme", None)
    dialogs.show_key(KeyState(KeySource.NONE))
    dialogs.show_key_words("x", True)
    dialogs.close_all()
    assert owner.findChild(SettingsDialog) is None


def test_settings_open_once_and_pass_on_what_is_wanted(qtbot: QtBot, dialogs: Dialogs, owner: QWidget) -> None:
    dialogs.open_settings(Settings(theme="dark"))
    dialogs.open_settings(Settings(theme="light"))
    (settings,) = owner.findChildren(SettingsDialog)
    assert settings.isVisible() and not settings.isModal() and settings.fields["theme"].buttons["light"].isChecked()
    with qtbot.waitSignal(dialogs.setting_changed) as changed:
        settings.fields["theme"].buttons["dark"].click()
    assert changed.args == ["theme", "dark"]
    for wanted in (dialogs.key_forgotten, dialogs.key_test_requested):
        with qtbot.waitSignal(wanted):
            settings.key_forgotten.emit()
            settings.key_test_requested.emit()
    dialogs.show_settings(Settings(theme="system"))
    dialogs.show_answer("theme", Problem("t", "Refused.", "Again."))
    dialogs.show_key(KeyState(KeySource.MEMORY, "•••• 7f3a"))
    dialogs.show_key_words("fine", True)
    assert settings.fields["theme"].error.text() == "Refused. Again." and settings.key_field.words.text() == "fine"
    dialogs.close_all()
    assert not settings.isVisible()


def test_keys_and_folders(qtbot: QtBot, dialogs: Dialogs, owner: QWidget, tmp_path: Path) -> None:
    dialogs.open_shortcuts()
    dialogs.open_shortcuts()
    assert len(owner.findChildren(ShortcutsDialog)) == 1
    dialogs.open_folder()
    choice = owner.findChild(QFileDialog, "openFolderDialog")
    assert isinstance(choice, QFileDialog)
    with qtbot.waitSignal(dialogs.folders_chosen) as chosen:
        choice.filesSelected.emit([str(tmp_path)])
    assert chosen.args == [[tmp_path]]
    choice.close()


def test_one_of_a_monorepo_s_apps_is_chosen(qtbot: QtBot, dialogs: Dialogs, owner: QWidget) -> None:
    choices = (("web", Path("/repo/apps/web")), ("docs", Path("/repo/apps/docs")))
    dialogs.ask_choice(ChoiceError("The folder holds several projects", "web, docs", "Choose one.", choices=choices))
    (dialog,) = owner.findChildren(QInputDialog)
    assert dialog.isVisible() and dialog.windowTitle() == "The folder holds several projects"
    (box,) = dialog.findChildren(QComboBox)
    assert [box.itemText(place) for place in range(box.count())] == ["web", "docs"]
    box.setCurrentText("docs")
    with qtbot.waitSignal(dialogs.folders_chosen) as chosen:
        dialog.accept()
    assert chosen.args == [[Path("/repo/apps/docs")]]


def test_of_several_monorepos_one_is_asked_about_at_a_time(dialogs: Dialogs, owner: QWidget) -> None:
    chosen: list[list[Path]] = []
    dialogs.folders_chosen.connect(chosen.append)
    for name in ("one", "two", "three"):
        choices = (("web", Path(f"/{name}/web")), ("docs", Path(f"/{name}/docs")))
        dialogs.ask_choice(ChoiceError(f"“{name}” holds several apps", "web, docs", "Choose one.", choices=choices))

    def asked() -> QInputDialog:
        (dialog,) = (each for each in owner.findChildren(QInputDialog) if each.isVisible())
        return dialog

    for title, answer in (("one", True), ("two", False), ("three", True)):
        dialog = asked()
        assert title in dialog.windowTitle()
        dialog.accept() if answer else dialog.reject()
    assert chosen == [[Path("/one/web")], [Path("/three/web")]]
    assert not any(each.isVisible() for each in owner.findChildren(QInputDialog))
