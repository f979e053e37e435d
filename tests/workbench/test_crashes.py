import pytest

from craft_desktop.workbench.crashes import MOST_CRASHES, WINDOW_S, Crashes


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((0.0, 1.0, 2.0), (False, False, True)),
        ((0.0, 1.0, WINDOW_S), (False, False, True)),
        ((0.0, 1.0, WINDOW_S + 0.1), (False, False, False)),
        ((0.0, 50.0, 100.0, 105.0), (False, False, False, True)),
        ((0.0, 100.0, 200.0, 300.0), (False, False, False, False)),
    ],
)
def test_three_in_a_minute_are_a_loop(at: tuple[float, ...], expected: tuple[bool, ...]) -> None:
    times = iter(at)
    crashes = Crashes(lambda: next(times))
    assert tuple(crashes.note() for _ in at) == expected
    assert MOST_CRASHES == 3
