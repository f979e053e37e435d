"""Every control by name, by role, by keyboard, and seen while it has the focus."""

import asyncio
import itertools
import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.splitter import Handle
from craft_desktop.ui.theme import Theme, contrast
from tests.ui.reader import OPERATED, Met, Stop, meet, operable, stops
from tests.ui.scenes import DIALOGS, SCENES, STATES, pane
from tests.ui.stand_in import StandIn

EVERYWHERE = pytest.mark.parametrize("name", SCENES)
WALKED = pytest.mark.parametrize("name", [*STATES, *DIALOGS])

LEAST_SHAPE = 3.0
"""The least contrast of what tells the focus (WCAG 2.2, 1.4.11 and 2.4.13)."""
LEAST_PIXELS = 24
"""Fewer changed pixels than a short line two pixels thick are not seen."""


@pytest.fixture(autouse=True)
def still(qapp: QApplication) -> Iterator[None]:
    """Let no cursor blink: a picture with one would differ by itself."""
    usual = qapp.cursorFlashTime()
    qapp.setCursorFlashTime(0)
    yield
    qapp.setCursorFlashTime(usual)


async def settled() -> None:
    """Let the bridge carry out what was asked of it."""
    for _ in range(3):
        await asyncio.sleep(0)


async def arrange(name: str, window: MainWindow, bench: StandIn, qtbot: QtBot) -> QWidget:
    window.resize(1000, 640)
    shown = SCENES[name](window, bench)
    top = shown.window()
    top.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is top)
    await settled()
    return shown


def operated(shown: QWidget) -> list[Met]:
    found = [met for met in meet(shown) if met.is_operated]
    assert found
    return found


@EVERYWHERE
async def test_whatever_is_operated_has_a_name_and_a_role(
    name: str, window: MainWindow, bench: StandIn, qtbot: QtBot
) -> None:
    for met in operated(await arrange(name, window, bench, qtbot)):
        assert met.name.strip(), met.path
        # Qt has no role for what only scrolls.
        assert met.role in OPERATED or isinstance(met.owner, QScrollArea), (met.path, met.name)


@EVERYWHERE
async def test_a_name_is_words_and_tells_one_from_another(
    name: str, window: MainWindow, bench: StandIn, qtbot: QtBot
) -> None:
    shown = await arrange(name, window, bench, qtbot)
    names = {str(widget.objectName()) for widget in shown.findChildren(QWidget)} - {""}
    for met in meet(shown):
        assert met.name not in names, met.path
        assert not re.search(r"\.(svg|png)\b|\w+/\w+\.\w+$", met.name) or not met.is_operated, met.path
    for met in operated(shown):
        assert met.name not in met.siblings, (met.path, met.name)


@EVERYWHERE
async def test_states_are_told(name: str, window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    for met in operated(await arrange(name, window, bench, qtbot)):
        checkable = getattr(met.owner, "isCheckable", lambda: False)()
        if checkable and met.role is not QAccessible.Role.ButtonMenu:
            assert met.is_checkable and met.is_checked == met.owner.isChecked(), met.path  # type: ignore[attr-defined]
        if isinstance(met.owner, QPlainTextEdit):
            assert met.is_read_only == met.owner.isReadOnly(), met.path


@WALKED
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_tab_reaches_everything_in_reading_order_and_is_seen(
    name: str, scheme: str, window: MainWindow, bench: StandIn, theme: Theme, qtbot: QtBot
) -> None:
    theme.choose(scheme)
    shown = await arrange(name, window, bench, qtbot)
    walked = stops(shown)
    missed = operable(shown) - {stop.widget for stop in walked}
    assert not missed, sorted(described(widget) for widget in missed)
    for stop in walked:
        assert is_seen(stop), f"{described(stop.widget)} looks the same with the focus"
    # The line between two parts may come after either.
    assert out_of_order([stop for stop in walked if not isinstance(stop.widget, Handle)]) == []


def described(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()} {widget.accessibleName()!r}"


def is_seen(stop: Stop) -> bool:
    """Do enough pixels differ, and by enough to be seen?"""
    before, after = (image.convertToFormat(QImage.Format.Format_RGB32) for image in (stop.before, stop.after))
    changed: dict[tuple[int, int], int] = {}
    for y in range(before.height()):
        if before.scanLine(y) == after.scanLine(y):
            continue
        for x in range(before.width()):
            pair = before.pixel(x, y), after.pixel(x, y)
            if pair[0] != pair[1]:
                changed[pair] = changed.get(pair, 0) + 1
    plain = sum(
        count
        for (was, now), count in changed.items()
        if contrast(QColor(was).name(), QColor(now).name()) >= LEAST_SHAPE
    )
    return plain >= LEAST_PIXELS


def out_of_order(walked: list[Stop]) -> list[str]:
    """Give what comes before something that is read sooner: above it, or at its left in the same row."""
    wrong = []
    for one, other in itertools.pairwise(walked):
        if other.place.bottom() < one.place.top() and other.place.left() <= one.place.right():
            wrong.append(f"{described(one.widget)} before {described(other.widget)}")
        overlap = min(one.place.bottom(), other.place.bottom()) - max(one.place.top(), other.place.top())
        if overlap > 0 and other.place.right() < one.place.left():
            wrong.append(f"{described(one.widget)} before {described(other.widget)}")
    return wrong


@pytest.mark.parametrize("name", DIALOGS)
async def test_escape_closes_a_dialog_and_nothing_more(
    name: str, window: MainWindow, bench: StandIn, qtbot: QtBot
) -> None:
    shown = await arrange(name, window, bench, qtbot)
    QTest.keyClick(QApplication.focusWidget() or shown, Qt.Key.Key_Escape)
    assert not shown.isVisible() and window.isVisible()


async def test_escape_closes_what_is_passing_and_return_presses(
    window: MainWindow, bench: StandIn, qtbot: QtBot
) -> None:
    await arrange("find", window, bench, qtbot)
    bar = pane(window).log_pane.find_bar
    assert bar.field.hasFocus()
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    focused = QApplication.focusWidget()
    assert bar.isHidden() and focused is not None and pane(window).isAncestorOf(focused)
    await arrange("message", window, bench, qtbot)
    message = pane(window).message_bar
    message.close_button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(message.close_button, Qt.Key.Key_Escape)
    assert message.isHidden()
    start = pane(window).header.start
    start.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(start, Qt.Key.Key_Return)
    await settled()
    assert ("open", "p1") in bench.asked


async def test_return_in_a_dialog_presses_what_has_the_focus(window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    dialog = await arrange("settings", window, bench, qtbot)
    chosen = dialog.findChild(QPushButton, "choice-theme-dark")
    assert chosen is not None
    chosen.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(chosen, Qt.Key.Key_Return)
    await settled()
    assert ("setting", "theme", "dark") in bench.asked and dialog.isVisible()
