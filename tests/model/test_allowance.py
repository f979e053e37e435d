from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.allowance import Allowance


def test_a_burst_then_a_rate() -> None:
    allowance = Allowance.full(3, 2.0, 10.0)
    answers = []
    for at in (10.0, 10.0, 10.0, 10.0, 10.1, 10.5, 10.5):
        may, allowance = allowance.ask(at)
        answers.append((may, allowance.refused))
    assert answers == [(True, 0), (True, 0), (True, 0), (False, 1), (False, 2), (True, 0), (False, 1)]


def test_it_never_holds_more_than_a_burst() -> None:
    allowance = Allowance.full(2, 5.0, 0.0)
    assert sum((allowance := asked[1]) is not None and asked[0] for _ in range(9) if (asked := allowance.ask(1e9))) == 2


@given(st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_no_order_of_times_gives_more(times: list[float]) -> None:
    allowance = Allowance.full(5, 10.0, 0.0)
    passed = 0
    for at in times:
        may, allowance = allowance.ask(at)
        passed += may
    travelled = sum(max(0.0, later - earlier) for earlier, later in zip([0.0, *times], times, strict=False))
    assert passed <= 5 + 10.0 * travelled + 1e-6
