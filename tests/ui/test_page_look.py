from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from craft_desktop.model.checkup import PageSeen
from craft_desktop.ui import page_look
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.page_line import PageLine
from craft_desktop.ui.page_look import BlankWatch, PageLook, read_seen
from craft_desktop.ui.web import Web


class FakeWeb(Web):
    def __init__(self, told: object) -> None:
        super().__init__()
        self.told = told

    def ask_value(self, script: str, answer: Callable[[object], None]) -> None:
        if self.told is not None:
            answer(self.told)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("yes 120 40 3", PageSeen(True, 120, 40, 3)),
        ("no 0 0 0", PageSeen(False, 0, 0, 0)),
        ("none 5 1 0", PageSeen(None, 5, 1, 0)),
        ("yes 1 2", PageSeen(letters=1)),
        ("yes " + "9" * 400 + " 1 1", PageSeen(letters=1)),
        (None, PageSeen(letters=1)),
        ({"a": 1}, PageSeen(letters=1)),
    ],
)
def test_what_a_page_answers_is_read(told: object, seen: PageSeen) -> None:
    assert read_seen(told) == seen


def test_a_page_that_hangs_is_told_as_that(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_look, "ANSWER_MS", 20)
    told: list[PageSeen] = []
    web = FakeWeb(None)
    PageLook(web, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [PageSeen(is_answering=False)] and not told[0].is_blank


def test_an_answer_is_given_once(qtbot: QtBot) -> None:
    told: list[PageSeen] = []
    web = FakeWeb("yes 3 3 0")
    PageLook(web, told.append)
    assert told == [PageSeen(True, 3, 3, 0)]


@pytest.mark.parametrize(
    ("seen", "is_asked"),
    [
        (PageSeen(None, 0, 1, 0), True),
        (PageSeen(None, 9, 1, 0), False),
        (PageSeen(None, 0, 1, 1), False),
        (None, False),
    ],
)
def test_a_blank_page_asks_whether_to_find_out_why(
    qtbot: QtBot, icons: Icons, monkeypatch: pytest.MonkeyPatch, seen: PageSeen | None, is_asked: bool
) -> None:
    monkeypatch.setattr(page_look, "BLANK_MS", 1)
    line = PageLine(icons)
    qtbot.addWidget(line)
    looked: list[bool] = []

    def look(answer: Callable[[PageSeen | None], None]) -> None:
        answer(seen)
        looked.append(True)

    watch = BlankWatch(look, line)
    watch.begin()
    qtbot.waitUntil(lambda: bool(looked))
    assert (line.current is not None) is is_asked
    if line.current is not None:
        with qtbot.waitSignal(watch.doctor_requested):
            line.current.answer(True)
