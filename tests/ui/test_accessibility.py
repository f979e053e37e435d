"""Every control by name, by role, by keyboard, and seen while it has the focus."""

import asyncio
import itertools
import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPlainTextEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.session import Phase
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.pop_out import PopOut
from craft_desktop.ui.splitter import Handle
from craft_desktop.ui.theme import Theme, contrast
from craft_desktop.ui.tidings import tidings
from tests.ui.reader import OPERATED, Met, Stop, meet, operable, stops
from tests.ui.scenes import DIALOGS, PAGES_OWN, SCENES, STATES, pane
from tests.ui.stand_in import NOW, StandIn, failed, live

EVERYWHERE = pytest.mark.parametrize("name", SCENES)
WALKED = pytest.mark.parametrize("name", [*STATES, *DIALOGS, *PAGES_OWN])

STEPS_BACK = {"variable": 2, "dotenv": 2, "unsaved": 2}
"""How often Escape is pressed until a dialog is closed: it goes back a step at a time."""

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
    for each in QApplication.topLevelWidgets():
        if isinstance(each, PopOut):  # it has no parent that would take it along
            each.hide()


async def settled() -> None:
    """Let the bridge carry out what was asked of it, and what that changed be laid out."""
    for _ in range(3):
        await asyncio.sleep(0)
    QApplication.processEvents()


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
    for _ in range(STEPS_BACK.get(name, 1)):
        assert shown.isVisible()
        QTest.keyClick(QApplication.focusWidget() or shown, Qt.Key.Key_Escape)
        discard = shown.findChild(QPushButton, "questionDiscard")
        if discard is not None and discard.isVisible():
            # What was entered is asked about, and nothing of that is lost by Escape.
            QTest.keyClick(QApplication.focusWidget() or shown, Qt.Key.Key_Tab)
            assert discard.hasFocus()
            QTest.keyClick(discard, Qt.Key.Key_Return)
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


async def by_palette(window: MainWindow, words: str) -> None:
    """Have a command carried out by keys alone, whether or not it has any of its own."""
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    field = window.palette_box.field
    assert field.hasFocus()
    QTest.keyClicks(field, words)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.palette_box.isHidden()
    await settled()


def bring(top: QWidget, qtbot: QtBot) -> None:
    """Bring a window to the front; asked again while the platform still carries out what was asked before."""

    def is_in_front() -> bool:
        if QApplication.activeWindow() is not top:
            top.activateWindow()
        return QApplication.activeWindow() is top

    qtbot.waitUntil(is_in_front)


OPENED = {
    "Settings": "settingsDialog",
    "Keyboard Shortcuts": "shortcutsDialog",
    "Port of Its Page": "portDialog",
    "Environment Variables": "environmentDialog",
    "Quit": "quitDialog",
    "Own Window": "popOut",
}
"""What opens a window of its own, as the palette names it."""


@pytest.mark.parametrize("words", OPENED)
async def test_keys_alone_open_and_close_a_window_and_the_focus_comes_back(
    words: str, window: MainWindow, bench: StandIn, qtbot: QtBot
) -> None:
    await arrange("said", window, bench, qtbot)
    bench.lifetime.asks = True
    before = pane(window).header.stop
    before.setFocus(Qt.FocusReason.TabFocusReason)
    await by_palette(window, words)
    name = OPENED[words]
    # Not among all windows: one of an earlier test may still wait for its end.
    found = pane(window).preview.popped if name == "popOut" else window.findChild(QWidget, name)
    assert isinstance(found, QWidget) and found.isVisible()
    shown: QWidget = found
    bring(shown, qtbot)
    inside = {stop.widget for stop in stops(shown)}
    assert inside and all(shown.isAncestorOf(widget) for widget in inside)
    if name == "popOut":  # Escape is the page's own key there
        QTest.keyClick(shown, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    else:
        QTest.keyClick(QApplication.focusWidget() or shown, Qt.Key.Key_Escape)
    assert not shown.isVisible()
    bring(window, qtbot)  # as a window manager does
    assert QApplication.focusWidget() is before


async def test_the_palette_gives_the_focus_back(window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    await arrange("stopped", window, bench, qtbot)
    before = pane(window).header.start
    before.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.palette_box.field.hasFocus()
    QTest.keyClick(window.palette_box.field, Qt.Key.Key_Escape)
    assert window.palette_box.isHidden() and before.hasFocus()


async def test_the_doctor_opens_by_its_keys_and_gives_the_focus_back(
    window: MainWindow, bench: StandIn, qtbot: QtBot
) -> None:
    await arrange("failed", window, bench, qtbot)
    before = pane(window).header.start
    before.setFocus(Qt.FocusReason.TabFocusReason)
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_D, keys)
    panel = pane(window).doctor
    assert panel is not None and panel.isVisible()
    await settled()
    qtbot.waitUntil(lambda: panel.diagnosis is not None)
    assert panel.has_focus
    QTest.keyClick(QApplication.focusWidget() or panel, Qt.Key.Key_Escape)
    assert not panel.isVisible() and before.hasFocus()


async def test_menus_and_the_stages_of_a_save_open_by_keys_and_give_the_focus_back(
    window: MainWindow, bench: StandIn, qtbot: QtBot
) -> None:
    await arrange("page", window, bench, qtbot)
    bar = pane(window).preview.bar
    openers = (pane(window).header.more, bar.more, bar.buttons["screenshot"], window.status_line.save)
    for opener in openers:
        assert opener.isVisible() and opener.focusPolicy() & Qt.FocusPolicy.TabFocus, described(opener)
        for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            opener.setFocus(Qt.FocusReason.TabFocusReason)
            QTest.keyClick(opener, key)
            opened = QApplication.activePopupWidget()
            assert opened is not None, (described(opener), key)
            assert opened.accessibleName() or isinstance(opened, QMenu), described(opener)
            if isinstance(opened, QMenu):
                QTest.keyClick(opened, Qt.Key.Key_Down)
                assert opened.activeAction() is not None
            QTest.keyClick(opened, Qt.Key.Key_Escape)
            assert QApplication.activePopupWidget() is None and opener.hasFocus(), described(opener)


async def test_the_trays_menu_says_what_each_entry_does(window: MainWindow, bench: StandIn, qtbot: QtBot) -> None:
    await arrange("page", window, bench, qtbot)
    menu = window.presence.tray.menu
    menu.aboutToShow.emit()
    said = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert said == ["shop-front: Live", "Start blog", "Start docs", "Show Craft Desktop", "Quit"]
    place = menu.actions()[0].menu()
    assert isinstance(place, QMenu)
    assert [action.text() for action in place.actions()] == ["Show", "Open in browser", "Stop"]


@pytest.mark.parametrize("facts", [6, 3])
def test_what_is_told_outside_names_the_project_and_what_happened(facts: int) -> None:
    session = live("p1", NOW) if facts == 6 else failed("p1", NOW)
    told = tidings(Phase.WAITING, session, "shop-front", str)
    assert told is not None and "shop-front" in told.title and told.text.strip() and told.project_id == "p1"


class Windows(QObject):
    """Takes note of every window that comes up, however short it stays."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[QWidget] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(watched)
        return False


@EVERYWHERE
async def test_no_part_flashes_up_as_a_window_of_its_own(
    name: str, window: MainWindow, bench: StandIn, qtbot: QtBot, qapp: QApplication
) -> None:
    """What is shown before it has a parent takes the focus from the window, and is a flash on the screen."""
    windows = Windows()
    qapp.installEventFilter(windows)
    await arrange(name, window, bench, qtbot)
    qapp.removeEventFilter(windows)
    assert [each for each in windows.shown if not isinstance(each, MainWindow | QDialog | QMenu | PopOut)] == []
