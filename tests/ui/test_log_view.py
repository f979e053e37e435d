import time

import pytest
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.levels import Level
from craft_desktop.ui.log_view import KEPT, LINES, LONGEST, PORTION_S, LogView
from craft_desktop.ui.theme import DARK, LEGIBLE, LIGHT, Theme, contrast
from tests.ui.stand_in import NOW


def line(text: str, at: float = NOW) -> LogLine:
    return LogLine("p1", Stream.SERVER, text, at)


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> LogView:
    made = LogView(theme)
    qtbot.addWidget(made)
    made.resize(600, 200)
    made.show()
    return made


def flush(view: LogView) -> None:
    while view.is_busy:
        view.flush()


def colour_at(view: LogView, text: str) -> str:
    cursor = view.document().find(text)
    return cursor.charFormat().foreground().color().name()


def test_lines_come_with_the_next_portion(qtbot: QtBot, view: LogView) -> None:
    view.add_line(line("one"))
    view.add([line("two"), line(""), line("\x1b[32mthree\x1b[39m")])
    assert view.toPlainText() == ""
    qtbot.waitUntil(lambda: not view.is_busy, timeout=2000)
    assert view.toPlainText() == "one\ntwo\n\nthree"
    view.add_line(line("four"))
    flush(view)
    assert view.blockCount() == 5


def test_colours_follow_the_theme_and_can_be_read(view: LogView, theme: Theme) -> None:
    view.add([line("\x1b[32mgreen\x1b[39m plain"), line("\x1b[38;2;255;255;0myellow"), line("\x1b[7minverse")])
    flush(view)
    assert colour_at(view, "green") == LIGHT.palette[2] and colour_at(view, "plain") == LIGHT.text
    assert contrast(colour_at(view, "yellow"), LIGHT.log) >= LEGIBLE
    theme.choose("dark")
    flush(view)
    assert colour_at(view, "green") == DARK.palette[2]
    inverse = view.document().find("inverse").charFormat()
    assert contrast(inverse.foreground().color().name(), inverse.background().color().name()) >= LEGIBLE


def test_times(view: LogView) -> None:
    stamp = time.strftime("%H:%M:%S", time.localtime(NOW))
    view.add([line("one"), line("two")])
    flush(view)
    view.show_times(True)
    flush(view)
    assert view.toPlainText() == f"{stamp}  one\n{stamp}  two"
    view.add_line(line("three"))
    view.show_times(False)
    flush(view)
    assert view.toPlainText() == "one\ntwo\nthree"


def test_it_follows_until_a_person_scrolls_up(qtbot: QtBot, view: LogView) -> None:
    told: list[bool] = []
    view.follow_changed.connect(told.append)
    view.add(line(str(number)) for number in range(200))
    flush(view)
    bar = view.verticalScrollBar()
    assert view.follows and bar.value() == bar.maximum() > 0
    bar.setValue(50)
    assert told == [False]
    view.add(line(str(number)) for number in range(200, 400))
    flush(view)
    assert bar.value() == 50
    bar.setValue(bar.maximum())
    assert told == [False, True]
    view.add_line(line("end"))
    flush(view)
    assert bar.value() == bar.maximum()
    view.resize(600, 90)
    assert view.follows and bar.value() == bar.maximum()


def test_what_is_read_stays_while_old_lines_fall_off(view: LogView) -> None:
    view.add(line(str(number)) for number in range(LINES))
    flush(view)
    bar = view.verticalScrollBar()
    bar.setValue(2000)
    assert view.firstVisibleBlock().text() == "2000"
    view.add(line(f"new {number}") for number in range(500))
    flush(view)
    assert view.blockCount() == LINES
    assert view.firstVisibleBlock().text() == "2000"


def test_follow_by_the_button(view: LogView) -> None:
    view.add(line(str(number)) for number in range(200))
    flush(view)
    view.follow(False)
    assert not view.follows
    view.follow(True)
    bar = view.verticalScrollBar()
    assert view.follows and bar.value() == bar.maximum()


def test_a_flood_is_taken_in_short_portions(view: LogView) -> None:
    view.add(line(f"\x1b[{31 + number % 6}m{number}\x1b[0m some text \x1b[1mbold\x1b[0m") for number in range(100_000))
    longest = 0.0
    while view.is_busy:
        begun = time.process_time()  # of this process alone: others share the machine
        view.flush()
        longest = max(longest, time.process_time() - begun)
    assert view.blockCount() == LINES and view.toPlainText().endswith("99999 some text bold")
    # One chunk more than the portion's time, and room for a machine that is busy with other things.
    assert longest < PORTION_S + 0.2


def test_an_endless_line_is_cut(view: LogView) -> None:
    view.add_line(line("x" * 1_000_000))
    flush(view)
    assert len(view.toPlainText()) == LONGEST


def test_clear(view: LogView) -> None:
    view.add([line("one")])
    flush(view)
    view.add([line("two")])
    view.clear_view()
    assert view.toPlainText() == "" and not view.is_busy
    view.add([line("three")])
    flush(view)
    assert view.toPlainText() == "three"


def test_wrapping(view: LogView) -> None:
    view.add_line(line("word " * 200))
    flush(view)
    assert view.horizontalScrollBar().maximum() > 0
    view.show_wrapped(True)
    assert view.horizontalScrollBar().maximum() == 0
    view.show_wrapped(False)
    cursor = view.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.Start)
    assert view.isReadOnly()


def error(text: str) -> LogLine:
    return LogLine("p1", Stream.BROWSER, text, NOW, Level.ERROR)


def test_what_a_page_says_is_coloured_by_its_level(view: LogView) -> None:
    warning = LogLine("p1", Stream.BROWSER, "careful", NOW, Level.WARNING)
    view.add([error("boom"), warning, error("\x1b[32mpainted"), line("Error: only words")])
    flush(view)
    colours = [colour_at(view, text) for text in ("boom", "careful", "painted", "only words")]
    assert colours == [LIGHT.palette[1], LIGHT.palette[3], LIGHT.palette[2], LIGHT.text]


def test_only_what_is_grave_enough_is_shown(view: LogView) -> None:
    view.add([line("fine"), line("npm warn careful"), line("Error: boom"), line("    at f (a.ts:1:2)"), error("told")])
    flush(view)
    view.show_levels(Level.WARNING)
    flush(view)
    assert view.toPlainText() == "npm warn careful\nError: boom\n    at f (a.ts:1:2)\ntold"
    view.show_levels(Level.ERROR)
    view.add([line("fine again"), line("TypeError: again")])
    flush(view)
    assert view.toPlainText() == "Error: boom\n    at f (a.ts:1:2)\ntold\nTypeError: again"
    view.show_levels(Level.INFO)
    flush(view)
    assert view.toPlainText().startswith("fine\n") and view.blockCount() == 7


def test_the_filter_finds_what_has_left_the_view(view: LogView) -> None:
    view.add_line(line("Error: long ago"))
    view.add(line(f"fine {number}") for number in range(2 * LINES))
    flush(view)
    assert "long ago" not in view.toPlainText()
    view.show_levels(Level.ERROR)
    flush(view)
    assert view.toPlainText() == "Error: long ago"


def test_a_divider_stands_out_and_only_it(view: LogView, theme: Theme) -> None:
    stamp = time.strftime("%H:%M:%S", time.localtime(NOW))
    divider = LogLine("p1", Stream.SERVER, "The dev server starts again", NOW, Level.INFO, is_divider=True)
    view.add([line("before"), divider, line("after"), line("last")])
    flush(view)
    texts = ["before", f"{stamp}  The dev server starts again", "after", "last"]

    def tints() -> list[bool]:
        blocks = (view.document().findBlockByNumber(number) for number in range(view.blockCount()))
        return [block.blockFormat().background().color().name() == theme.colours.hover for block in blocks]

    assert view.toPlainText().split("\n") == texts and tints() == [False, True, False, False]
    view.show_levels(Level.ERROR)
    flush(view)
    assert view.toPlainText().split("\n") == texts[1:2] and tints() == [True]
    view.add_line(line("Error: boom"))
    flush(view)
    assert tints() == [True, False]
    theme.choose("dark")
    view.show_levels(Level.INFO)
    flush(view)
    assert tints() == [False, True, False, False, False]
    view.clear_view()
    view.add([line("new")])
    flush(view)
    assert tints() == [False]


HOSTILE = {
    "turned around": "safe \u202egnp.exe\u202c \u2066x\u2069",
    "line breaks": "one\u2028two\u2029three\x0bfour\x0cfive",
    "control": "\x00\x07\x08bell",
    "cursor moves": "\x1b[2J\x1b[H\x1b[10A\x1b[?1049hthere",
    "title": "\x1b]0;owned\x07there",
    "link": "\x1b]8;;file:///etc/passwd\x07click\x1b]8;;\x07",
    "markup": "<img src=file:///etc/passwd><b>x</b>",
    "lone surrogate": "a\ud800b",
    "combining": "Z" + "\u0301" * 3000,
    "wide": "🎉" * 2000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_line_stays_one_line_and_says_what_it_is(view: LogView, text: str) -> None:
    view.add([line("before"), line(text), line("after")])
    flush(view)
    blocks = view.toPlainText().split("\n")
    assert len(blocks) == 3 and (blocks[0], blocks[2]) == ("before", "after")
    assert not set(blocks[1]) & set("\u202e\u202c\u2066\u2069\u2028\u2029\x00\x07\x08\x0b\x0c\x1b")
    if text.startswith("<img"):
        assert blocks[1] == text, "text is never read as markup"


BOMBS = {
    "colours": "".join(f"\x1b[38;2;{n % 256};{n // 7 % 256};{n // 3 % 256}mx" for n in range(60_000)),
    "parameters": "\x1b[" + "1;" * 2_000_000 + "mx",
    "numbers": "\x1b[38;5;" + "9" * 3_900 + "mx",
    "open strings": "\x1b]" * 1_000_000,
    "escapes": "\x1b" * 1_000_000,
    "returns": "x\r" * 1_000_000,
    "combining": "Z" + "\u0301" * 1_000_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_bomb_of_escapes_takes_little_time(view: LogView, text: str) -> None:
    begun = time.process_time()
    view.add([line(text) for _ in range(5)])
    flush(view)
    view.grab()
    assert time.process_time() - begun < 2.0
    assert view.blockCount() == 5


def test_a_million_lines_are_bounded(view: LogView) -> None:
    same = line("x")
    for _ in range(100):
        view.add([same] * 10_000)
        view.flush()
    view.add_line(line("last"))
    assert len(view._pending) <= KEPT
    flush(view)
    assert len(view._kept) == KEPT and view.blockCount() == LINES and view.toPlainText().endswith("\nlast")
