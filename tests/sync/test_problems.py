from craft_desktop.model.errors import Problem
from craft_desktop.sync.problems import MOST_EACH, sum_up


def links(number: int) -> list[Problem]:
    return [Problem("A link leaves the folder", f"l{at} was not sent.", "Copy it.") for at in range(number)]


def test_a_few_are_told_each() -> None:
    assert sum_up(links(MOST_EACH)) == links(MOST_EACH)
    assert sum_up([]) == []


def test_of_many_the_first_and_their_number_are_told() -> None:
    pipe = Problem("Something is not a file", "p was not sent.", "Nothing to do.")
    assert sum_up([*links(2500), pipe, *links(2501)]) == [
        Problem("A link leaves the folder", "l0 was not sent. So it is with 5,000 more.", "Copy it."),
        pipe,
    ]
