import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.ui.commands import COMMANDS
from craft_desktop.ui.fuzzy import match, rank

NAMES = [(command.words, command.name) for command in COMMANDS]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("st", "start"),
        ("stop", "stop"),
        ("rs", "restart"),
        ("res", "restart"),
        ("rp", "reload"),
        ("cad", "copy-address"),
        ("dev", "tools"),
        ("of", "open"),
        ("ks", "shortcuts"),
        ("rem", "remove"),
        ("SETT", "settings"),
        ("open br", "browser"),
        ("dt", "tools"),
    ],
)
def test_a_few_letters_mean_a_command(typed: str, expected: str) -> None:
    assert rank(typed, NAMES)[0][1] == expected


def test_nothing_typed_keeps_everything_in_order() -> None:
    assert [name for _, name in rank(" ", NAMES)] == [name for _, name in NAMES]


def test_what_does_not_fit_is_left_out() -> None:
    assert match("xyz", "Start") is None and match("ts", "St") is None
    assert rank("zzz", NAMES) == []


def test_the_best_way_is_found_and_told() -> None:
    found = match("start", "Stop the start")
    assert found is not None and found.places == (9, 10, 11, 12, 13)
    camel = match("sf", "myShopFront")
    assert camel is not None and camel.places == (2, 6)


def test_a_whole_text_comes_before_its_like() -> None:
    assert [thing for _, thing in rank("blog", [("blog archive", 1), ("blog", 2)])] == [2, 1]


@given(st.text(max_size=20), st.text(max_size=40))
def test_places_rise_and_hold_the_letters(typed: str, text: str) -> None:
    found = match(typed, text)
    wanted = [letter for letter in typed.casefold() if not letter.isspace()]
    if found is None:
        rest = iter([letter.casefold() for letter in text])
        assert not all(letter in rest for letter in wanted)
    else:
        assert [text[place].casefold() for place in found.places] == wanted
        assert list(found.places) == sorted(set(found.places))


def test_the_worst_text_of_many_is_still_quick() -> None:
    # A folder's name may be anything; the palette asks at each key.
    begun = time.perf_counter()
    match("a" * 64, "a" * 255)
    assert time.perf_counter() - begun < 2.0
