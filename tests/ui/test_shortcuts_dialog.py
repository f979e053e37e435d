from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.commands import COMMANDS
from craft_desktop.ui.shortcuts_dialog import ShortcutsDialog
from tests.ui.hands import click


def test_every_key_is_listed(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    dialog = ShortcutsDialog(owner)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    for command in COMMANDS:
        if command.keys:
            assert command.words.rstrip("…") in texts
    assert "Ctrl+1 … 9" in texts and "Ctrl+Return" in texts
    dialog.show()
    assert not dialog.isModal()
    close = dialog.findChild(QPushButton, "shortcutsClose")
    click(close)
    assert not dialog.isVisible()
