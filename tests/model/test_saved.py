import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.saved import (
    LIMIT_S,
    LONGEST,
    MOST_FRAMES,
    Frame,
    Saved,
    Span,
    measure,
    read_frames,
    span,
    time_of_save,
    usual,
)

T = 1_795_000_000.0
SAVED, NOTICED, PUSHED = T, T + 0.003, T + 0.041


def clock(at: float, every: float = 1.0) -> Frame:
    """A frame in which only a clock ticked."""
    return Frame(at, (at - every, at - 2 * every, at - 3 * every))


def stages(saved: Saved | None) -> tuple[int, ...] | None:
    if saved is None:
        return None
    return tuple(round(each) for each in (saved.watch_ms, saved.push_ms, saved.compile_ms, saved.paint_ms))


@pytest.mark.parametrize(
    ("signals", "frames", "expected"),
    [
        ([T + 0.05, T + 0.3], [Frame(T + 0.412)], (3, 38, 259, 112)),
        # What the dev server says once it showed is not waited for.
        ([T + 0.3, T + 0.5], [Frame(T + 0.412)], (3, 38, 259, 112)),
        # Only the first frame counts.
        ([T + 0.3], [Frame(T + 0.412), Frame(T + 0.5)], (3, 38, 259, 112)),
        # A change before the dev server spoke is not of the save, nor is a word from before it.
        ([T - 0.1, T + 0.3], [Frame(T + 0.2), Frame(T + 0.412)], (3, 38, 259, 112)),
        # A clock ticks between.
        ([T + 0.3], [clock(T + 0.35), Frame(T + 0.412)], (3, 38, 259, 112)),
        ([T + 0.3], [clock(T + 0.35), clock(T + 0.412, 0.016)], None),
        # Something moved once before, or long ago: that makes no clock.
        ([T + 0.3], [Frame(T + 0.412, (T - 1, 0.0, 0.0))], (3, 38, 259, 112)),
        ([T + 0.3], [Frame(T + 0.412, (T - 60, T - 61, T - 62))], (3, 38, 259, 112)),
        # The dev server saw the file before the sandbox answered, and was done by then.
        ([T + 0.01, T + 0.02], [Frame(T + 0.03)], (3, 27, 0, 0)),
        # No word from the dev server: a document loaded anew counts, a change does not.
        ([], [Frame(T + 0.2), Frame(T + 0.6, is_anew=True)], (3, 38, 0, 559)),
        ([], [Frame(T + 0.2)], None),
        ([], [Frame(T - 1, is_anew=True)], None),
        ([T + 0.1], [Frame(T + 0.6, is_anew=True)], (3, 38, 59, 500)),
        # Nothing visible followed, or too late.
        ([T + 0.1], [], None),
        ([], [], None),
        ([T + 0.1], [Frame(T + LIMIT_S + 0.01)], None),
    ],
)
def test_what_a_save_took(signals: list[float], frames: list[Frame], expected: tuple[int, ...] | None) -> None:
    assert stages(measure(SAVED, NOTICED, PUSHED, signals, frames)) == expected


def test_what_earlier_saves_changed_is_not_restless() -> None:
    first = measure(T - 2, T - 1.997, T - 1.96, [T - 1.9], [Frame(T - 1.6)])
    second = measure(T - 1, T - 0.997, T - 0.96, [T - 0.9], [Frame(T - 0.6)])
    assert first is not None and second is not None
    again = Frame(T + 0.4, (T - 0.6, T - 1.6, 0.0))
    assert measure(SAVED, NOTICED, PUSHED, [T + 0.3], [again]) is None
    found = measure(SAVED, NOTICED, PUSHED, [T + 0.3], [again], [span(first), span(second)])
    assert found is not None and found.total_ms == pytest.approx(400)
    assert span(found) == Span(pytest.approx(T), pytest.approx(T + 0.55))  # type: ignore[arg-type]


def test_a_save_of_unknown_time_counts_from_its_notice() -> None:
    found = measure(None, NOTICED, PUSHED, [T + 0.3], [Frame(T + 0.412)])
    assert stages(found) == (0, 38, 259, 112)


@pytest.mark.parametrize(
    ("changed_at", "expected"),
    [(None, None), (T - 1, T - 1), (T - 3.1, None), (T - 1e6, None), (T + 0.01, T), (T + 3600, None), (T, T)],
)
def test_when_a_file_was_saved(changed_at: float | None, expected: float | None) -> None:
    assert time_of_save(changed_at, T) == expected


def test_the_usual_save_is_one_of_them() -> None:
    last = [Saved(T, 1, 2, 3, each) for each in (400.0, 100.0, 300.0, 9000.0)]
    assert usual(last) == last[2] and usual(last[:3]) == last[2] and usual(last[:1]) == last[0]
    with pytest.raises(IndexError):
        usual([])


NEAR = st.floats(T - 20, T + 20)
FRAMES = st.builds(Frame, NEAR, st.tuples(NEAR, NEAR, NEAR), st.booleans())


@given(st.none() | NEAR, NEAR, NEAR, st.lists(NEAR), st.lists(FRAMES), st.lists(st.builds(Span, NEAR, NEAR)))
def test_the_stages_make_up_the_whole(
    saved_at: float | None,
    noticed_at: float,
    pushed_at: float,
    signals: list[float],
    frames: list[Frame],
    earlier: list[Span],
) -> None:
    found = measure(saved_at, noticed_at, pushed_at, signals, frames, earlier)
    if found is None:
        return
    began = noticed_at if saved_at is None else min(saved_at, noticed_at)
    told = (found.watch_ms, found.push_ms, found.compile_ms, found.paint_ms)
    assert min(told) >= 0 and sum(told) == pytest.approx(1000 * (found.at - began), abs=0.01)
    assert found.total_ms <= 1000 * LIMIT_S + 0.01
    assert any(frame.at == found.at for frame in frames)
    assert found.at >= min(at for at in [*signals, found.at] if at >= noticed_at)


@given(st.lists(NEAR, min_size=1), st.floats(0.05, 2), NEAR)
def test_a_clock_alone_is_never_a_save(signals: list[float], every: float, at: float) -> None:
    ticks = [clock(at + number * every, every) for number in range(20)]
    assert measure(SAVED, NOTICED, PUSHED, signals, ticks) is None


def test_what_the_script_tells_is_read() -> None:
    told = json.dumps([[1000.0, 0, 0, 0, 0], [2000, 1000, 500, 250, 1]])
    assert read_frames(told) == (Frame(1.0), Frame(2.0, (1.0, 0.5, 0.25), True))
    assert read_frames("[]") == ()


@pytest.mark.parametrize(
    "told",
    [
        None, 1, [], {}, [[1, 0, 0, 0, 0]], "", "x", "{}", '"[]"', "[" * 10_000, "null", "[null]", "[[1,2,3]]",
        '[["1",0,0,0,0]]', "[[true,0,0,0,0]]", "[[-1,0,0,0,0]]", "[[1e400,0,0,0,0]]", "[[NaN,0,0,0,0]]",
        "[[1e20,0,0,0,0]]", "[[[1],0,0,0,0]]",
        "[" + " " * LONGEST + "]", json.dumps([[1, 0, 0, 0, 0]] * (MOST_FRAMES + 1)),
    ],
)  # fmt: skip
def test_what_is_not_of_the_script_is_dropped(told: object) -> None:
    assert read_frames(told) == ()


@given(st.text() | st.recursive(st.floats() | st.integers() | st.none(), lambda inner: st.lists(inner)).map(json.dumps))
def test_nothing_that_is_told_breaks_it(told: str) -> None:
    for frame in read_frames(told):
        assert all(0 <= at <= 2**53 for at in (frame.at, *frame.before))
