"""When memory is short, and which hidden page goes first."""

from collections.abc import Iterable
from dataclasses import dataclass

SHORT_SHARE = 0.10
"""Below this share of all memory systems begin to swap, and everything feels slow."""
SHORT_AT_MOST = 2_000_000_000
"""Bytes: on a large computer a tenth is plenty."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A computer's memory in bytes; `available` without swapping."""

    total: int
    available: int

    @property
    def is_short(self) -> bool:
        """Should something be given back?"""
        return self.available < min(SHORT_AT_MOST, SHORT_SHARE * self.total)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A page that nobody sees: when it was last seen (seconds of one clock), and its memory in bytes."""

    key: str
    seen_at: float
    size_bytes: int


def first_to_go(memory: Memory | None, pages: Iterable[Hidden]) -> str | None:
    """Tell the page that nobody has seen for longest, if memory is short.

    :param memory: None where the system does not tell; then nothing goes.
    """
    if memory is None or not memory.is_short:
        return None
    longest = min(pages, key=lambda page: page.seen_at, default=None)
    return None if longest is None else longest.key
