import pytest

from craft_desktop.model.environment import MOST_BYTES, changed
from craft_desktop.model.environment_draft import Draft, Standing, importable_values, value_problem

SECRET = "sk_live_secret"


def test_changes_are_counted_and_told_by_name_alone() -> None:
    draft = Draft(frozenset({"A", "B", "C"})).setting({"B": SECRET, "D": SECRET}).without("C")
    assert draft.standings() == {
        "A": Standing.KEPT,
        "B": Standing.CHANGED,
        "C": Standing.REMOVED,
        "D": Standing.ADDED,
    }
    assert draft.changes == 3 and draft.names == {"A", "B", "D"}
    assert SECRET not in repr(draft) and SECRET not in str(draft)


def test_a_change_taken_back_is_none() -> None:
    draft = Draft(frozenset({"A"}))
    assert draft.without("A").restored("A") == draft
    assert draft.setting({"B": "1"}).without("B") == draft
    assert draft.setting({"A": "1"}).restored("A") == draft
    assert draft.without("A").setting({"A": "1"}) == Draft(frozenset({"A"}), {"A": "1"})


def test_what_it_asks_for_gives_what_it_shows() -> None:
    before = {"A": "1", "B": "2"}
    draft = Draft(frozenset(before)).setting({"C": "3", "B": "4"}).without("A")
    assert set(changed(before, draft.put, draft.drop)) == draft.names


def test_others_may_change_what_is_in_force() -> None:
    draft = Draft(frozenset({"A", "B"})).without("A").setting({"C": "1"}).onto({"B", "C"})
    assert draft.drop == frozenset() and draft.standings() == {"B": Standing.KEPT, "C": Standing.CHANGED}


@pytest.mark.parametrize(
    "name", ["", "A=B", "A\nB", "A\0B", "1A", "Ä", "A B", "PORT", "CRAFT_DESKTOP_X", "A" + " " * 9]
)
def test_hostile_names_are_refused_with_why(name: str) -> None:
    problem = Draft().name_problem(name)
    assert problem is not None and all(problem)


def test_a_double_is_refused_unless_it_is_itself_or_on_its_way_out() -> None:
    draft = Draft(frozenset({"A", "B"}))
    assert draft.name_problem("A") is not None and draft.name_problem("A", "A") is None
    assert draft.without("A").name_problem("A") is None


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "x" * (MOST_BYTES + 1), "x" * 1_000_000])
def test_hostile_values_are_refused_without_a_word_of_them(value: str) -> None:
    problem = value_problem("A", value)
    assert problem is not None and value[:8] not in " ".join(problem)


def test_values_of_several_lines_are_fine() -> None:
    assert value_problem("A", "one\ntwo\r\n\tthree") is None


def test_a_text_is_parted_into_what_may_be_set_and_what_not() -> None:
    fine, left_out = importable_values({"A": "1", "PORT": "80", "B-C": "2", "BIG": "x" * 100_000})
    assert fine == {"A": "1"} and set(left_out) == {"PORT", "B-C", "BIG"}
