import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.environment import MOST_BYTES, changed, check_variables, importable, pack, unpack
from craft_desktop.model.errors import VariableError


@pytest.mark.parametrize("name", ["A", "_", "NEXT_PUBLIC_API", "a1", "NODE_OPTIONS", "PORTS"])
def test_names_that_posix_knows_are_welcome(name: str) -> None:
    check_variables({name: "any\nvalue ü"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "letters, digits and _"),
        ("1A", "no digit in front"),
        ("A-B", "letters, digits and _"),
        ("A B", "letters, digits and _"),
        ("A=B", "letters, digits and _"),
        ("Ä", "letters, digits and _"),
        ("A\n", "letters, digits and _"),
        ("A;rm", "letters, digits and _"),
        ("CRAFT_DESKTOP_RUN", "program’s own"),
        ("craft_desktop_home", "program’s own"),
        ("PORT", "program itself chooses"),
        ("HOST", "program itself chooses"),
    ],
)
def test_other_names_are_refused_and_the_value_is_not_told(name: str, words: str) -> None:
    with pytest.raises(VariableError, match=words) as caught:
        check_variables({name: "the-very-secret"})
    problem = caught.value.problem
    assert "the-very-secret" not in repr(problem) and problem.remedy
    assert "\n" not in problem.title


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_values_that_no_process_can_have_are_refused(value: str) -> None:
    with pytest.raises(VariableError, match="A” was not set"):
        check_variables({"A": value})


def test_all_together_have_a_limit() -> None:
    check_variables({"A": "x" * (MOST_BYTES - 100)})
    with pytest.raises(VariableError, match="too large"):
        check_variables({"A": "x" * MOST_BYTES})


def test_a_change_sets_and_drops_and_sorts() -> None:
    assert list(changed({"B": "1", "C": "2"}, {"A": "3", "C": "4"}, ["B", "unknown"]).items()) == [
        ("A", "3"),
        ("C", "4"),
    ]


def test_what_a_file_may_not_set_is_left_out_with_why() -> None:
    put, left_out = importable({"A": "1", "PORT": "3000", "a.b": "2"})
    assert put == {"A": "1"}
    assert set(left_out) == {"PORT", "a.b"} and all(left_out.values())


@given(st.dictionaries(st.text(), st.text()))
def test_what_was_packed_is_unpacked(variables: dict[str, str]) -> None:
    assert unpack(pack(variables)) == variables
    assert pack(variables).isascii()


@pytest.mark.parametrize("text", ["", "[]", '{"A": 1}', "null", "e2b_key"])
def test_what_somebody_else_wrote_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpack(text)
