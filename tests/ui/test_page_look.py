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
    def __init__(self, *told: str) -> None:
        super().__init__()
        self.told = list(told)

    def ask_value(self, script: str, answer: Callable[[object], None]) -> None:
        if self.told:
            answer(self.told.pop(0) if len(self.told) > 1 else self.told[0])


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("yes 120 40 3 9000", (PageSeen(True, 120, 40, 3), 9000)),
        ("no 0 0 0 12", (PageSeen(False, 0, 0, 0), 12)),
        ("none 5 1 0 0", (PageSeen(None, 5, 1, 0), 0)),
        ("yes 1 2", (PageSeen(letters=1), 0)),
        ("yes " + "9" * 400 + " 1 1 1", (PageSeen(letters=1), 0)),
        (None, (PageSeen(letters=1), 0)),
        ({"a": 1}, (PageSeen(letters=1), 0)),
    ],
)
def test_what_a_page_answers_is_read(told: object, seen: tuple[PageSeen, int]) -> None:
    assert read_seen(told) == seen


def test_a_page_that_hangs_is_told_as_that(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_look, "ANSWER_MS", 20)
    told: list[PageSeen] = []
    web = FakeWeb()
    PageLook(web, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [PageSeen(is_answering=False)] and not told[0].is_blank


def test_an_answer_is_given_once(qtbot: QtBot) -> None:
    told: list[PageSeen] = []
    web = FakeWeb("yes 3 3 0 9")
    PageLook(web, told.append)
    assert told == [PageSeen(True, 3, 3, 0)]


def test_a_page_that_has_only_just_loaded_is_asked_again(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_look, "AGAIN_MS", 1)
    told: list[PageSeen] = []
    web = FakeWeb("no 3 3 0 40", "no 3 3 0 90", "yes 3 3 0 140")
    PageLook(web, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [PageSeen(True, 3, 3, 0)]


def test_an_old_page_is_told_as_it_is(qtbot: QtBot) -> None:
    told: list[PageSeen] = []
    web = FakeWeb("no 3 3 0 3000", "yes 3 3 0 3150")
    PageLook(web, told.append)
    assert told == [PageSeen(False, 3, 3, 0)]


def test_a_page_that_says_it_is_young_for_ever_is_not_asked_for_ever(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_look, "AGAIN_MS", 1)
    monkeypatch.setattr(page_look, "TAKE_OVER_MS", 20)
    told: list[PageSeen] = []
    web = FakeWeb("no 3 3 0 5")
    PageLook(web, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [PageSeen(False, 3, 3, 0)]


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
