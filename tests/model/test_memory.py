import pytest

from craft_desktop.model.memory import Hidden, Memory, first_to_go

GB = 1_000_000_000
PAGES = (Hidden("b", 20.0, 300), Hidden("a", 10.0, 100), Hidden("c", 30.0, 900))


@pytest.mark.parametrize(
    ("total", "available", "is_short"),
    [(8 * GB, 900_000_000, False), (8 * GB, 700_000_000, True), (64 * GB, 3 * GB, False), (64 * GB, GB, True)],
)
def test_short_is_a_tenth_and_at_most_two_gigabytes(total: int, available: int, is_short: bool) -> None:
    assert Memory(total, available).is_short is is_short


def test_the_page_unseen_for_longest_goes_first() -> None:
    assert first_to_go(Memory(8 * GB, 0), PAGES) == "a"
    assert first_to_go(Memory(8 * GB, 0), ()) is None
    assert first_to_go(Memory(8 * GB, 8 * GB), PAGES) is None
    assert first_to_go(None, PAGES) is None
