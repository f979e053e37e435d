from collections.abc import Iterable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from craft_desktop.ui import scroll_bars
from craft_desktop.ui.preview_pane import PreviewPane
from craft_desktop.ui.scroll_bars import SURE, ScrollBars
from tests.ui.pages import WAIT_MS, engine, go, run

_OWNER = QObject()


class BusyPage:
    """Stands for a page whose process answers as told, and for the engine's setting."""

    def __init__(self, answers: Iterable[object]) -> None:
        self.answers = iter(answers)
        self.asked = self.laid_out = 0
        self.told: list[bool] = []
        self.bars = ScrollBars(_OWNER, self.told.append, self.ask, self.lay_out_anew)

    def ask(self, heed: scroll_bars.Heed) -> None:
        self.asked += 1
        heed(next(self.answers))

    def lay_out_anew(self) -> None:
        self.laid_out += 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scroll_bars, "WAITS_MS", (0,) * len(scroll_bars.WAITS_MS))


@pytest.mark.parametrize(
    ("answers", "laid_out", "asked"),
    [
        ((0.0,) * SURE, 1, SURE),
        ((42.0, 42.0, 15.0, 0.0), 4, 4),  # it heard of the setting too late
        ((0.0, 0.0, 15.0, 0.0), 2, 4),  # it got its bars with its new size
        ((15,) * 7, 8, 7),  # room of its own: left alone in the end
        ((0.0, None), 1, 2),  # it ended
    ],
)
def test_it_is_laid_out_until_its_bars_are_gone(
    qtbot: QtBot, answers: tuple[object, ...], laid_out: int, asked: int
) -> None:
    page = BusyPage(answers)
    bars = page.bars
    bars.show(True)  # as it is
    bars.show(False)
    qtbot.waitUntil(lambda: page.asked == asked and not bars._timer.isActive())
    assert (page.told, page.laid_out) == ([False], laid_out)


def test_bars_that_come_back_are_asked_for_once(qtbot: QtBot) -> None:
    page = BusyPage([0.0] * SURE)
    bars = page.bars
    bars.show(False)
    bars.show(True)  # before it was looked at
    qtbot.waitUntil(lambda: page.laid_out == 1 and not bars._timer.isActive())
    assert page.told == [False, True] and page.asked == 0


def test_a_real_page_loses_its_bars_and_gets_them_back(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "")
    preview.bar.entered.emit("/size")
    beside = "innerWidth - document.documentElement.clientWidth"
    qtbot.waitUntil(lambda: engine(preview).page.title() != "home", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: run(qtbot, preview, beside) == 15, timeout=WAIT_MS)
    engine(preview).show_scroll_bars(False)
    qtbot.waitUntil(lambda: run(qtbot, preview, beside) == 0, timeout=WAIT_MS)
    engine(preview).show_scroll_bars(True)
    qtbot.waitUntil(lambda: run(qtbot, preview, beside) == 15, timeout=WAIT_MS)
