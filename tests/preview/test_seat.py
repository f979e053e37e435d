import itertools
from collections.abc import Callable

import pytest

from craft_desktop.preview.pages import REFUSED, UNKNOWN, PageKind, PageState
from craft_desktop.preview.routes import Upstream
from craft_desktop.preview.seat import MOST_SCRIPTS, Seat

HERE = Upstream("http://127.0.0.1:3000", "3000-a.localhost:4999")
THERE = Upstream("http://127.0.0.1:3000", "3000-b.localhost:4999")
WAITING = PageState(PageKind.WAITING, "It restarts")
FAILED = PageState(PageKind.FAILED, "It failed")
ASLEEP = PageState(PageKind.ASLEEP, "It sleeps")
HOLD_S = 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seat(clock: Callable[[], float]) -> Seat:
    found = Seat(itertools.count(1), HOLD_S, clock)
    found.is_known = True
    return found


@pytest.mark.parametrize(
    ("states", "held_s"),
    [
        ([(None, WAITING)], 0.0),  # a first start: its page tells more than a wait
        ([(HERE, None), (None, WAITING)], HOLD_S),
        ([(HERE, None), (HERE, REFUSED)], HOLD_S),
        ([(HERE, None), (None, FAILED)], 0.0),
        ([(HERE, None), (None, WAITING), (None, FAILED)], 0.0),
        ([(None, ASLEEP)], HOLD_S),
        ([(None, ASLEEP), (None, WAITING)], HOLD_S),
        ([(HERE, None), (None, WAITING), (THERE, None)], 0.0),
        ([(HERE, None), (None, UNKNOWN)], 0.0),
    ],
)
def test_requests_wait_only_for_what_is_about_to_come(
    seat: Seat, states: list[tuple[Upstream | None, PageState | None]], held_s: float
) -> None:
    for upstream, page in states:
        seat.set(upstream, page)
    assert seat.held_for(hot_reload=False) == held_s


def test_patience_runs_out_once_for_each_replacement(seat: Seat, clock: Clock) -> None:
    seat.set(HERE, None)
    seat.set(None, WAITING)
    clock.now += 3
    seat.set(None, PageState(PageKind.WAITING, "It installs"))
    assert seat.held_for(hot_reload=False) == HOLD_S - 3
    clock.now += 3
    assert seat.held_for(hot_reload=False) == 0.0
    seat.set(THERE, None)
    seat.refuse(HERE)
    assert seat.page is None  # the old one's refusal is no news
    seat.refuse(THERE)
    assert seat.held_for(hot_reload=False) == HOLD_S


def test_a_hot_reload_socket_waits_for_as_long_as_all_sleeps(seat: Seat) -> None:
    seat.set(HERE, None)
    seat.set(None, ASLEEP)
    assert seat.held_for(hot_reload=True) is None
    seat.set(None, WAITING)
    assert seat.held_for(hot_reload=True) == HOLD_S


def test_idle_time_runs_from_the_last_use(seat: Seat, clock: Clock) -> None:
    clock.now += 7
    assert seat.idle_s == 7
    seat.use()
    clock.now += 2
    assert seat.idle_s == 2


def test_nobody_waits_at_an_address_of_no_project(clock: Callable[[], float]) -> None:
    assert Seat(itertools.count(1), HOLD_S, clock).held_for(hot_reload=True) == 0.0


def test_a_page_is_stale_once_after_edits_that_it_has_not_seen(seat: Seat) -> None:
    seat.edited()
    seat.caught_up()
    assert not seat.take_stale()
    seat.edited()
    seat.edited()
    assert seat.take_stale()
    assert not seat.take_stale()


def test_the_last_scripts_are_remembered(seat: Seat) -> None:
    for number in range(MOST_SCRIPTS + 6):
        seat.note_script(f"/{number}.js")
    seat.note_script("/10.js")
    assert len(seat.scripts) == MOST_SCRIPTS
    assert seat.scripts[:2] == ("/10.js", f"/{MOST_SCRIPTS + 5}.js") and "/5.js" not in seat.scripts
