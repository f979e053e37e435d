import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.source_map import DEEPEST, LONGEST_SOURCE, MapError, Origin, Position, decode_vlq, origins

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def encode(number: int) -> str:
    """Encode a VLQ as ECMA-426 describes it: the sign lowest, five bits a digit, the lowest first."""
    rest = -number << 1 | 1 if number < 0 else number << 1
    text = ""
    while True:
        rest, digit = rest >> 5, rest & 31
        text += LETTERS[digit | 32 if rest else digit]
        if not rest:
            return text


def plain(mappings: str, sources: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"version": 3, "sources": ["a.ts", "b.ts"] if sources is None else sources, "mappings": mappings, **more}


def lines(*segments: list[list[int]]) -> str:
    """Encode mappings whose numbers are absolute."""
    state = [0, 0, 0, 0]
    told = []
    for line in segments:
        column, parts = 0, []
        for segment in line:
            text = encode(segment[0] - column)
            column = segment[0]
            for at, number in enumerate(segment[1:]):
                text += encode(number - state[at])
                state[at] = number
            parts.append(text)
        told.append(",".join(parts))
    return ";".join(told)


def test_the_examples_of_the_rules() -> None:
    assert decode_vlq("iB") == [17]
    assert decode_vlq("V") == [-10]
    assert decode_vlq("AACV") == [0, 0, 1, -10]
    assert decode_vlq("B") == [-(2**31)], "a negative nought"
    assert decode_vlq("") == []


@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=5))
def test_what_was_encoded_is_decoded(numbers: list[int]) -> None:
    assert decode_vlq("".join(map(encode, numbers))) == numbers


@pytest.mark.parametrize("text", ["!", "A A", "g", "Ag", "AAAAAA", "gggggggB", "////////////D", "é"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(MapError):
        decode_vlq(text)


def test_a_place_falls_under_the_mapping_before_it_in_its_line() -> None:
    given = plain(lines([[4, 0, 9, 2], [8], [12, 1, 3, 0, 0]], [], [[2, 0, 1, 7]]), names=["f"])
    asked: list[Position] = [(1, 1), (1, 5), (1, 8), (1, 9), (1, 13), (1, 900), (2, 1), (3, 2), (3, 3), (4, 1)]
    assert origins(given, asked) == {
        (1, 5): Origin("a.ts", 10, 3),
        (1, 8): Origin("a.ts", 10, 3),
        (1, 13): Origin("b.ts", 4, 1),
        (1, 900): Origin("b.ts", 4, 1),
        (3, 3): Origin("a.ts", 2, 8),
    }


def test_of_a_line_alone_the_first_origin_is_told() -> None:
    given = plain(lines([[0], [3, 1, 3, 0], [9, 0, 0, 0]], [[0]]))
    assert origins(given, [(1, 0), (2, 0), (3, 0)]) == {(1, 0): Origin("b.ts", 4, 1)}


def test_sums_may_go_down_and_sources_are_named_from_their_root() -> None:
    given = plain(lines([[9, 1, 90, 40], [2, 0, 1, 0]]), sourceRoot="/src")
    assert origins(given, [(1, 3), (1, 10)]) == {
        (1, 3): Origin("/src/a.ts", 2, 1),
        (1, 10): Origin("/src/b.ts", 91, 41),
    }
    assert origins(plain("AAAA", sourceRoot="x/"), [(1, 1)]) == {(1, 1): Origin("x/a.ts", 1, 1)}
    assert origins(plain("AAAA", sourceRoot=7), [(1, 1)]) == {(1, 1): Origin("a.ts", 1, 1)}


def test_what_has_no_known_source_is_nobodys() -> None:
    # beyond the list, below it, not known, before the first line or column
    for segment in ([0, 2, 0, 0], [0, -1, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0, 0, 0, -1]):
        assert origins(plain(lines([segment]), ["a.ts", None]), [(1, 1), (1, 0)]) == {}
    # left of the line's begin there is no code
    assert origins(plain(lines([[-3, 0, 0, 0], [4, 0, 1, 0]])), [(1, 1), (1, 5)]) == {(1, 5): Origin("a.ts", 2, 1)}


def section(line: int, column: int, given: object) -> dict[str, Any]:
    return {"offset": {"line": line, "column": column}, "map": given}


def test_sections_reach_to_the_next_and_count_from_their_begin() -> None:
    given = {
        "version": 3,
        "sections": [
            section(1, 0, plain(lines([[0, 0, 0, 0]], [[0, 0, 1, 0]], [[0, 0, 2, 0]]), ["one.ts"])),
            section(2, 10, plain(lines([[0, 0, 50, 0], [4, 0, 51, 0]], [[0, 0, 60, 0]]), ["two.ts"])),
        ],
    }
    assert origins(given, [(1, 1), (2, 1), (3, 10), (3, 11), (3, 15), (4, 1), (4, 0)]) == {
        (2, 1): Origin("one.ts", 1, 1),
        (3, 10): Origin("one.ts", 2, 1),
        (3, 11): Origin("two.ts", 51, 1),
        (3, 15): Origin("two.ts", 52, 1),
        (4, 1): Origin("two.ts", 61, 1),
        (4, 0): Origin("two.ts", 61, 1),
    }
    assert origins(given, [(3, 0)]) == {(3, 0): Origin("one.ts", 2, 1)}
    nested = {"sections": [section(4, 0, given)]}
    assert origins(nested, [(7, 15)]) == {(7, 15): Origin("two.ts", 52, 1)}


def test_sections_without_end_or_order_are_refused() -> None:
    endless: dict[str, Any] = {}
    endless["sections"] = [section(0, 0, endless)]  # in itself
    deep: dict[str, Any] = plain("AAAA")
    for _ in range(DEEPEST + 1):
        deep = {"sections": [section(0, 0, deep)]}
    refused: tuple[object, ...] = (
        endless,
        deep,
        {"sections": [section(2, 0, plain("")), section(1, 0, plain(""))]},
        {"sections": [section(1, 0, plain("")), section(1, 0, plain(""))]},
        {"sections": [section(-1, 0, plain(""))]},
        {"sections": [section(True, 0, plain(""))]},
        {"sections": [{"map": plain("")}]},
        {"sections": [section(0, 0, "AAAA")]},
        {"sections": {}},
    )
    for wrong in refused:
        with pytest.raises(MapError):
            origins(wrong, [(1, 1)])


@pytest.mark.parametrize(
    "wrong",
    [None, [], 3, "AAAA", {}, {"mappings": "AAAA"}, {"sources": []}, plain("AA"), plain("AAA"), plain("A,,A")],
)
def test_what_is_no_map_is_refused(wrong: object) -> None:
    with pytest.raises(MapError):
        origins(wrong, [(1, 1)])


def test_a_fault_behind_what_is_asked_is_never_met() -> None:
    given = plain("AAAA;AACA;!!!")
    assert origins(given, [(2, 1)]) == {(2, 1): Origin("a.ts", 2, 1)}
    with pytest.raises(MapError):
        origins(given, [(3, 1)])


def test_far_lines_and_long_names_cost_little() -> None:
    began = time.process_time()
    assert origins(plain(";" * 1_000_000), [(9_999_999, 9_999_999)]) == {}
    told = origins(plain("AAAA", ["x" * 10_000_000]), [(1, 1)])[1, 1]
    assert len(told.source) == LONGEST_SOURCE
    assert time.process_time() - began < 2.0


@given(
    st.recursive(
        st.none() | st.integers() | st.text("AC;,g!") | st.booleans(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["sections", "map", "offset", "line", "column", "sources", "mappings"]), inner
            )
        ),
    )
)
def test_nonsense_is_refused_or_has_no_places(value: object) -> None:
    try:
        found = origins(json.loads(json.dumps(value)), [(1, 1), (2, 0), (3, 9)])
    except MapError:
        return
    assert set(found) <= {(1, 1), (2, 0), (3, 9)}
