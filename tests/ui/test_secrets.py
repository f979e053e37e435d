"""The key is nowhere but in the store: not in a widget's text, not told to a reader, not in a picture, not in a log."""

import asyncio
import logging

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.settings_dialog import SettingsDialog
from tests.ui.hands import click, write
from tests.ui.reader import meet
from tests.ui.scenes import SCENES
from tests.ui.stand_in import StandIn

KEY = "e2b_0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def said_by(thing: QObject) -> list[str]:
    """Give each property of a widget or an action that is text; a field of a log has its text beside them."""
    meta = thing.metaObject()
    values = [meta.property(number).read(thing) for number in range(meta.propertyCount())]
    told = [value for value in values if isinstance(value, str)]
    return [*told, thing.toPlainText()] if isinstance(thing, QPlainTextEdit) else told


def everything_said() -> str:
    told: list[str] = []
    for widget in QApplication.allWidgets():
        told += said_by(widget)
        for action in widget.actions():
            told += said_by(action)
    for window in QApplication.topLevelWidgets():
        told += [action.text() for action in window.findChildren(QAction)]
        told += [part for met in meet(window) for part in (met.name, met.description)]
    told.append(QGuiApplication.clipboard().text())
    return "\n".join(told)


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


async def enter(window: MainWindow, qtbot: QtBot) -> tuple[SettingsDialog, QLineEdit]:
    window.actions_by_name["settings"].trigger()
    dialog = window.findChild(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    for _ in range(3):
        await asyncio.sleep(0)
    return dialog, dialog.key_field.edit


async def test_a_key_while_typed_is_dots(window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    dialog, edit = await enter(window, qtbot)
    write(edit, KEY)
    assert edit.text() == KEY  # the field has it, until it is saved; nothing shows or tells it
    assert set(edit.displayText()) == {"●"}
    edit.selectAll()
    edit.copy()
    assert KEY not in QGuiApplication.clipboard().text()
    assert all(KEY not in met.name + met.description for met in meet(dialog))
    # Two keys of one length make one picture: what is drawn does not depend on what the key is.
    typed = picture(edit)
    edit.setText(KEY[::-1])
    edit.selectAll()
    assert picture(edit) == typed


async def test_a_kept_key_is_in_no_text_no_picture_and_no_log(
    window: MainWindow, bench: StandIn, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dialog, edit = await enter(window, qtbot)
    write(edit, KEY)
    click(dialog.key_field.save_button)
    for _ in range(3):
        await asyncio.sleep(0)
    assert ("save key", KEY) in bench.asked
    assert dialog.key_field.edit.placeholderText() == "•••• " + KEY[-4:]
    click(dialog.key_field.test_button)
    for _ in range(3):
        await asyncio.sleep(0)
    for name in sorted(SCENES, key="empty".__eq__):  # without a project there is no other state
        SCENES[name](window, bench)
        assert KEY not in everything_said()
    edit.undo()
    assert edit.text() == ""
    assert KEY not in caplog.text


async def test_a_refused_key_is_not_told_either(window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    bench.refusal = RuntimeError(f"refused: {KEY}")
    dialog, edit = await enter(window, qtbot)
    write(edit, KEY)
    click(dialog.key_field.save_button)
    for _ in range(3):
        await asyncio.sleep(0)
    assert ("save key", KEY) in bench.asked
    edit.clear()
    assert window.message_bar.problem is not None and "refused: •••" in window.message_bar.problem.detail
    assert KEY not in everything_said()
