import time

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.ui.find_bar import MOST_HITS, SLICE_S, FindBar, find_all
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_view import LogView
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click, press
from tests.ui.stand_in import NOW


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("error: an Error", "error", [(0, 5), (10, 15)]),
        ("a.b axb", "a.b", [(0, 3)]),
        ("aaaa", "aa", [(0, 2), (2, 4)]),
        ("🎉 x 🎉x", "x", [(3, 4), (7, 8)]),
        ("x🎉y", "🎉", [(1, 3)]),
        ("", "x", []),
        ("x", "", []),
    ],
)
def test_hits_are_counted_as_qt_counts(text: str, wanted: str, expected: list[tuple[int, int]]) -> None:
    assert list(find_all(text, wanted)) == expected


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> LogView:
    made = LogView(theme)
    qtbot.addWidget(made)
    made.resize(500, 200)
    made.show()
    made.add(
        LogLine("p1", Stream.SERVER, f"🎉 line {number} {'GET' if number % 10 == 0 else ''}", NOW)
        for number in range(100)
    )
    while made.is_busy:
        made.flush()
    return made


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme, icons: Icons, view: LogView) -> FindBar:
    made = FindBar(theme, icons)
    qtbot.addWidget(made)
    made.search_in(view)
    made.open_search()
    return made


def test_count_next_and_previous(qtbot: QtBot, bar: FindBar, view: LogView) -> None:
    view.moveCursor(view.textCursor().MoveOperation.Start)
    bar.field.setText("get")
    assert bar.count.text() == "10 hits"
    click(bar.next_button)
    assert bar.count.text() == "1 of 10"
    assert view.textCursor().selectedText() == "GET" and view.textCursor().blockNumber() == 0
    press(bar.field, Qt.Key.Key_Return)
    assert view.textCursor().blockNumber() == 10
    press(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    click(bar.previous_button)
    assert bar.count.text() == "10 of 10" and view.textCursor().blockNumber() == 90
    assert not view.follows


def test_hits_in_sight_are_marked(bar: FindBar, view: LogView) -> None:
    bar.field.setText("line")
    marks = view.extraSelections()
    assert 5 < len(marks) < 50
    bar.close_search()
    assert view.extraSelections() == [] and not bar.isVisible()


def test_nothing_found(bar: FindBar) -> None:
    bar.field.setText("no such thing")
    assert bar.count.text() == "No hits" and not bar.next_button.isEnabled()
    bar.step(1)
    bar.field.clear()
    assert bar.count.text() == ""


def test_a_growing_log_is_counted_again(qtbot: QtBot, bar: FindBar, view: LogView) -> None:
    bar.field.setText("GET")
    view.add_line(LogLine("p1", Stream.SERVER, "GET /", NOW))
    qtbot.waitUntil(lambda: bar.count.text() == "11 hits", timeout=3000)


def test_what_is_selected_is_searched(bar: FindBar, view: LogView) -> None:
    bar.close_search()
    view.setTextCursor(view.document().find("line 42"))
    bar.open_search()
    assert bar.field.text() == "line 42" and bar.count.text() == "1 hit"


def test_escape_closes(qtbot: QtBot, bar: FindBar) -> None:
    with qtbot.waitSignal(bar.closed):
        press(bar.field, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_a_search_through_very_much_leaves_the_loop_free(qtbot: QtBot, bar: FindBar, view: LogView) -> None:
    view.add(LogLine("p1", Stream.SERVER, "ab error " * 400, NOW) for _ in range(3000))
    view.add_line(LogLine("p1", Stream.SERVER, "the only one", NOW))
    while view.is_busy:
        view.flush()
    begun = time.thread_time()
    bar.field.setText("the only one")
    assert time.thread_time() - begun < 10 * SLICE_S
    assert bar.count.text() != "1 hit", "it is not searched at once"
    qtbot.waitUntil(lambda: bar.count.text() == "1 hit", timeout=10_000)
    bar.step(1)
    assert view.textCursor().selectedText() == "the only one"
    bar.field.setText("error")
    qtbot.waitUntil(lambda: bar.count.text() == f"{MOST_HITS:,}+ hits", timeout=10_000)


def test_a_log_that_is_cleared_under_a_search(qtbot: QtBot, bar: FindBar, view: LogView) -> None:
    bar.field.setText("line")
    view.clear_view()
    bar.step(1)
    bar._mark()
    qtbot.waitUntil(lambda: bar.count.text() == "No hits", timeout=5000)
