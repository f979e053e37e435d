"""A question that a page raises, answered in its own message line with one of two buttons."""

from collections.abc import Callable
from dataclasses import dataclass

LONGEST = 300
"""Letters of a page's own words that are shown: longer ones would push everything else out of sight."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. A second one with the same `key` takes the first one's place, which is answered no.

    :ivar answer: called once, with what the person chose; with False when nobody answers.
    """

    key: str
    words: str
    yes: str
    no: str
    answer: Callable[[bool], None]


def plain(text: str, longest: int = LONGEST) -> str:
    """Give a page's words in one line, without what cannot be seen, at most `longest` letters.

    :param text: as hostile as the page; only its beginning is looked at.
    """
    seen = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * longest])
    line = " ".join(seen.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
