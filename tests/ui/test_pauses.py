import gc
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from craft_desktop.ui import pauses
from craft_desktop.ui.pauses import MOST_LOOKS, Pauses


class Knot:
    def __init__(self) -> None:
        self.itself = self


class Window:
    is_busy = False


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def begun(qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pauses]:
    monkeypatch.setattr(pauses, "DUE", 0)
    made = Pauses(lambda: window.is_busy)
    yield made
    made.end()


def knot() -> "weakref.ref[Knot]":
    return weakref.ref(Knot())


def test_what_is_there_is_set_aside_and_all_is_put_back(begun: Pauses) -> None:
    before, thresholds = gc.get_freeze_count(), gc.get_threshold()
    gc.disable()  # as the program does while it imports
    begun.begin()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before + 1000
    assert gc.get_threshold()[:2] == thresholds[:2] and gc.get_threshold()[2] > thresholds[2]
    begun.end()
    assert gc.get_threshold() == thresholds and gc.get_freeze_count() == 0


def test_it_collects_when_nothing_goes_on(begun: Pauses, window: Window) -> None:
    begun.begin()
    made = knot()
    window.is_busy = True
    begun.look()
    assert made() is not None
    window.is_busy = False
    begun.look()
    assert made() is None


def test_no_flood_puts_it_off_for_ever(begun: Pauses, window: Window) -> None:
    begun.begin()
    window.is_busy, made = True, knot()
    for _ in range(MOST_LOOKS):
        begun.look()
    assert made() is not None
    begun.look()
    assert made() is None


def test_what_is_not_due_is_not_done(begun: Pauses, monkeypatch: pytest.MonkeyPatch) -> None:
    begun.begin()
    monkeypatch.setattr(pauses, "DUE", 10**9)
    made = knot()
    begun.look()
    assert made() is not None
