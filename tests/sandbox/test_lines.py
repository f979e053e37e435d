import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.sandbox.lines import KEPT_LINES, LONGEST_LINE, SHOWN_LINES, LineCutter, Tail

TEXTS = st.text("ab\r\n\x1b[ ", max_size=40) | st.text(max_size=20) | st.just("x" * (LONGEST_LINE // 2))


def cut(*chunks: str) -> list[str]:
    told: list[str] = []
    cutter = LineCutter(told.append)
    for chunk in chunks:
        cutter.feed(chunk)
    cutter.finish()
    return told


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ((), []),
        (("",), []),
        (("ready\n",), ["ready"]),
        (("rea", "dy", "\n"), ["ready"]),
        (("a\nb\n", "c"), ["a", "b", "c"]),
        (("a\r\nb\r\n",), ["a", "b"]),
        (("a\r", "\nb"), ["a", "b"]),
        (("\n\n",), ["", ""]),
        (("10%\r50%\r100%\n",), ["100%"]),
        (("10%\r", "50%\r", "100%"), ["100%"]),
        (("50%\r\r\n",), ["50%"]),
        (("\x1b[32mready\x1b[0m\n",), ["\x1b[32mready\x1b[0m"]),
        (("naïve 日本 \U0001f600\n",), ["naïve 日本 \U0001f600"]),
        # A line ends with a line feed alone: what Unicode also calls a line end may stand in the middle of one.
        (("a\u2028b\x0bc\x85d\n",), ["a\u2028b\x0bc\x85d"]),
    ],
)
def test_output_is_told_line_by_line(chunks: tuple[str, ...], lines: list[str]) -> None:
    assert cut(*chunks) == lines


@given(st.lists(TEXTS), st.data())
def test_how_the_output_was_cut_on_the_way_changes_nothing(texts: list[str], data: st.DataObject) -> None:
    whole = "".join(texts)
    places = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    chunks = [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)], strict=True)]
    assert cut(*chunks) == cut(*texts) == cut(whole)


def test_a_line_is_told_as_soon_as_it_ends() -> None:
    told: list[str] = []
    cutter = LineCutter(told.append)
    cutter.feed("one\ntw")
    assert told == ["one"]
    cutter.feed("o\n")
    assert told == ["one", "two"]


@pytest.mark.parametrize("size", [LONGEST_LINE, LONGEST_LINE + 1, 50 * LONGEST_LINE])
def test_a_long_line_is_one_line_cut(size: int) -> None:
    (line,) = cut(*["x" * 1000] * (size // 1000), "x" * (size % 1000), "\n")
    assert line == "x" * LONGEST_LINE + (" …" if size > LONGEST_LINE else "")


def test_a_line_without_end_takes_bounded_room() -> None:
    cutter = LineCutter(lambda _: None)
    for part in ("x" * 10_000, "y\r" * 5_000, "\r" * 10_000, "z" * 10_000):
        for _ in range(100):
            cutter.feed(part)
        assert sum(sys.getsizeof(value) for value in vars(cutter).values()) < 10 * LONGEST_LINE


class TestTail:
    def test_every_line_is_passed_on_as_it_came(self) -> None:
        told: list[str] = []
        tail = Tail(told.append)
        for line in ("\x1b[31mnpm ERR!\x1b[0m ", "", "b"):
            tail.take(line)
        assert told == ["\x1b[31mnpm ERR!\x1b[0m ", "", "b"]

    @pytest.mark.parametrize(
        "line",
        [
            "npm ERR! code E404",
            "npm error code ERESOLVE",
            "Error: Cannot find module 'next'",
            "listen EADDRINUSE: address already in use 127.0.0.1:3000",
            "sh: 1: next: not found",
            "EACCES: permission denied, open '/x'",
            "Build FAILED",
        ],
    )
    def test_lines_that_name_a_mistake_go_first(self, line: str) -> None:
        tail = Tail(lambda _: None)
        for text in ("added 28 packages", f"\x1b[1;31m{line}\x1b[39m", "done", "0 warnings", "terrify"):
            tail.take(text)
        assert tail.useful() == line

    def test_without_a_mistake_the_last_lines_that_say_something_serve(self) -> None:
        tail = Tail(lambda _: None)
        for text in ("one", "", "two", "   ", "\x1b[0m"):
            tail.take(text)
        assert tail.useful() == tail.last() == "one\ntwo"

    def test_an_error_shows_a_few_lines_of_the_many_kept(self) -> None:
        tail = Tail(lambda _: None)
        for number in range(2 * KEPT_LINES):
            tail.take(f"error {number}")
        assert tail.useful().split("\n") == [f"error {KEPT_LINES + number}" for number in range(SHOWN_LINES)]
        assert tail.last().split("\n")[-1] == f"error {2 * KEPT_LINES - 1}"
        assert len(tail.last().split("\n")) == SHOWN_LINES

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("\x1b[1;38;5;196merror\x1b[0m", "error"),
            ("\x1b[?25lerror\x1b[2K", "error"),
            ("\x1b]0;title\x07error", "error"),
            ("\x1b]8;;https://example.com\x1b\\error\x1b]8;;\x1b\\", "error"),
        ],
    )
    def test_an_error_shows_no_terminal_codes(self, text: str, plain: str) -> None:
        tail = Tail(lambda _: None)
        tail.take(text)
        assert tail.useful() == plain

    def test_nothing_said_is_nothing_shown(self) -> None:
        assert Tail(lambda _: None).useful() == ""
