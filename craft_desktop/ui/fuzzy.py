"""Which of many words a few typed letters mean. No Qt.

The letters must come in their order, with anything between them. What stands at the start of words, and what stands
together, counts more: “rcl” means “Restart clean” rather than “Open recent folder”.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

MOST_TYPED = 64
"""Letters of a query that are heeded: more than any entry's name has."""

LETTER, WORD_START, FIRST, RUN = 1, 8, 4, 6
"""What a letter found is worth; more at a word's start, at the very first, and next to the one before.

Tried on the names of the commands: with a run worth less than a word's start, “st” would mean “Open Settings… Try”
before “Start”.
"""
SKIPPED = 1
"""What each letter between two found ones takes away, up to `MOST_SKIPPED`."""
MOST_SKIPPED = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Match:
    """How well letters fit, and where they stand in the text (positions, rising)."""

    score: int
    places: tuple[int, ...]


def match(typed: str, text: str) -> Match | None:
    """Find the letters of `typed` in `text`, whatever their case; spaces in it are passed over.

    :return: the best of all ways to find them; None if there is none. Nothing typed fits everything, with score 0.
    """
    wanted = [letter for letter in typed.casefold() if not letter.isspace()][:MOST_TYPED]
    if not wanted:
        return Match(0, ())
    letters = [letter.casefold() for letter in text]
    if not _is_within(wanted, letters):
        return None
    starts = [_is_start(text, place) for place in range(len(text))]
    # best[place]: the best way to find the letters so far with the last of them at `place`.
    best: list[Match | None] = [
        Match(_worth(place, starts), (place,)) if letter == wanted[0] else None for place, letter in enumerate(letters)
    ]
    for letter in wanted[1:]:
        best = _next(best, letter, letters, starts)
    found = [way for way in best if way is not None]
    return max(found, key=lambda way: way.score) if found else None


def rank(typed: str, entries: Sequence[tuple[str, T]]) -> list[tuple[Match, T]]:
    """Give what fits of `entries` (text, thing), best first; equals keep their order, but a whole text comes first."""
    wanted = typed.strip().casefold()
    fitting = [
        (found, text.casefold() != wanted, thing)
        for text, thing in entries
        if (found := match(typed, text)) is not None
    ]
    if wanted:
        fitting.sort(key=lambda entry: (-entry[0].score, entry[1]))
    return [(found, thing) for found, _, thing in fitting]


def _next(best: list[Match | None], letter: str, letters: list[str], starts: list[bool]) -> list[Match | None]:
    following: list[Match | None] = [None] * len(letters)
    for place, at_place in enumerate(letters):
        if at_place != letter:
            continue
        chosen: Match | None = None
        for before in range(place):
            way = best[before]
            if way is None:
                continue
            between = place - before - 1
            score = way.score + _worth(place, starts) + (RUN if between == 0 else -min(between * SKIPPED, MOST_SKIPPED))
            if chosen is None or score > chosen.score:
                chosen = Match(score, (*way.places, place))
        following[place] = chosen
    return following


def _worth(place: int, starts: list[bool]) -> int:
    return LETTER + (WORD_START if starts[place] else 0) + (FIRST if place == 0 else 0)


def _is_start(text: str, place: int) -> bool:
    if not text[place].isalnum():
        return False
    return place == 0 or not text[place - 1].isalnum() or (text[place].isupper() and text[place - 1].islower())


def _is_within(wanted: list[str], letters: list[str]) -> bool:
    rest = iter(letters)
    return all(letter in rest for letter in wanted)
