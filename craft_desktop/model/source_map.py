"""Where a place in compiled code was written: decodes a source map as far as it is asked. Pure.

The rules are ECMA-426's (Source Map, 2nd edition): base64 VLQ, the mappings' grammar, index maps with sections. What it
leaves to the reader is decided so: a mapping without a known source is nobody's; a map is decoded up to the last line
that is asked about, so a fault behind it is never met. The libraries on PyPI that read sections decode a whole map into
objects first, which one hostile or merely large map makes too dear.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

DEEPEST = 4
"""Index maps within index maps. The rules know none; a bundler that joins what others bundled makes one more."""
LONGEST_SOURCE = 2_048
"""Letters of a source's address; paths of 1,024 letters are the longest that are looked up, an address has more."""

_DIGITS = {
    letter: value for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_LIMIT = 1 << 32  # a VLQ holds 32 bits, the sign among them


class MapError(Exception):
    """This is no source map, or a broken one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in a source: its address as the map gives it (its root before it), line and column counted from 1."""

    source: str
    line: int
    column: int


Position = tuple[int, int]
"""Line and column in compiled code, counted from 1; the column 0 stands for unknown."""


def origins(value: object, asked: Iterable[Position]) -> dict[Position, Origin]:
    """Give the origins of places in compiled code, those that have one.

    Of a line alone the first origin is given that stands in it: what fails stands at a statement's begin, and the
    compilers of a dev server write each statement in a line of its own.

    :param value: a source map as JSON gives it.
    :raises MapError: it is none, or what is asked about cannot be decoded.
    """
    return _origins(_table(value), tuple(dict.fromkeys(asked)), 0)


def decode_vlq(segment: str) -> list[int]:
    """Decode a segment's numbers.

    :raises MapError: it holds another letter, ends too early, or a number of more than 32 bits.
    """
    numbers: list[int] = []
    number = shift = 0
    for letter in segment:
        digit = _DIGITS.get(letter)
        if digit is None:
            raise MapError(f"{letter!r} is no digit of a mapping")
        number += (digit & 31) << shift
        if number >= _LIMIT:
            raise MapError("a number of a mapping has more than 32 bits")
        if digit & 32:
            shift += 5
            continue
        # The sign is the lowest bit; a negative nought stands for the least number.
        numbers.append(number >> 1 if not number & 1 else -(number >> 1) or -(1 << 31))
        number = shift = 0
        if len(numbers) > 5:
            raise MapError("a mapping has five numbers at most")
    if shift:
        raise MapError("a mapping ends within a number")
    return numbers


def _origins(table: Mapping[str, Any], asked: tuple[Position, ...], depth: int) -> dict[Position, Origin]:
    if "sections" in table:
        return _of_sections(table["sections"], asked, depth)
    mappings, sources = table.get("mappings"), table.get("sources")
    if not isinstance(mappings, str) or not isinstance(sources, list):
        raise MapError("a source map has mappings and sources")
    root = table.get("sourceRoot")
    return _of_mappings(mappings, sources, root if isinstance(root, str) else "", asked)


def _of_sections(sections: object, asked: tuple[Position, ...], depth: int) -> dict[Position, Origin]:
    """Ask each section about what lies in it; a section reaches to the next one's begin."""
    if not isinstance(sections, list) or depth == DEEPEST:
        raise MapError("a map's sections are a list, and not within one another")
    begins = [_begin_of(section) for section in sections]
    if any(later <= earlier for earlier, later in pairwise(begins)):
        raise MapError("a map's sections stand in order")
    found: dict[Position, Origin] = {}
    lots: dict[int, list[Position]] = {}
    for line, column in asked:
        for at in _sections_of(begins, line - 1, column - 1):
            lots.setdefault(at, []).append((line, column))
    for at in sorted(lots):
        first_line, first_column = begins[at]
        inner = {
            # A column counts from the section's begin in its first line alone.
            (line - first_line, column - first_column if column and line - 1 == first_line else column): (line, column)
            for line, column in lots[at]
        }
        for position, origin in _origins(_table(sections[at].get("map")), tuple(inner), depth + 1).items():
            found.setdefault(inner[position], origin)
    return found


def _sections_of(begins: Sequence[Position], line: int, column: int) -> list[int]:
    """Give the sections that a place (counted from 0) lies in: one, or all of its line where the column is unknown."""
    first = bisect_right(begins, (line, max(0, column))) - 1
    last = bisect_left(begins, (line + 1, 0)) - 1 if column < 0 else first
    return list(range(max(0, first), last + 1))


def _begin_of(section: object) -> Position:
    offset = _table(_table(section).get("offset"))
    line, column = offset.get("line"), offset.get("column")
    if type(line) is not int or type(column) is not int or line < 0 or column < 0:
        raise MapError("a section begins at a line and a column")
    return line, column


def _of_mappings(mappings: str, sources: list[Any], root: str, asked: tuple[Position, ...]) -> dict[Position, Origin]:
    wanted: dict[int, list[Position]] = {}
    for position in asked:
        wanted.setdefault(position[0] - 1, []).append(position)
    last = max(wanted, default=-1)
    found: dict[Position, Origin] = {}
    source = line = column = 0  # each a sum over the whole map
    for at, text in enumerate(mappings.split(";", last + 1)[: last + 1]):
        segments: list[tuple[int, int, int, int]] = []  # compiled column, source (-1: nobody's), line, column
        generated = 0
        for segment in text.split(",") if text else ():
            numbers = decode_vlq(segment)
            if len(numbers) not in (1, 4, 5):
                raise MapError(f"a mapping has one, four or five numbers, not {len(numbers)}")
            generated += numbers[0]
            if generated < 0:
                continue
            if len(numbers) == 1:
                segments.append((generated, -1, 0, 0))
                continue
            source, line, column = source + numbers[1], line + numbers[2], column + numbers[3]
            is_known = 0 <= source < len(sources) and isinstance(sources[source], str) and line >= 0 and column >= 0
            segments.append((generated, source if is_known else -1, line, column))
        for position in wanted.get(at, ()):
            chosen = _segment_at(segments, position[1] - 1)
            if chosen is not None:
                name = _joined(root, sources[chosen[1]])
                found[position] = Origin(name, chosen[2] + 1, chosen[3] + 1)
    return found


def _segment_at(segments: list[tuple[int, int, int, int]], column: int) -> tuple[int, int, int, int] | None:
    """Give the mapping that a column (from 0) falls under, or, where it is unknown, the first that has a source."""
    if column < 0:
        return next((each for each in segments if each[1] >= 0), None)
    under = [each for each in segments if each[0] <= column]
    if not under:
        return None
    nearest = max(each[0] for each in under)  # a map may tell them in any order
    chosen = next(each for each in under if each[0] == nearest)
    return chosen if chosen[1] >= 0 else None


def _joined(root: str, source: str) -> str:
    if root and not root.endswith("/"):
        root += "/"
    return f"{root}{source}"[:LONGEST_SOURCE]


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MapError("a source map is an object")
    return value
