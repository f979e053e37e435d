"""What a person is told of many files that could not be sent: of a few each, of many the first and how many."""

from collections.abc import Iterable
from dataclasses import replace

from craft_desktop.model.errors import Problem

# More lines of one kind are read by nobody, and hide what else is told.
MOST_EACH = 5


def sum_up(problems: Iterable[Problem]) -> list[Problem]:
    """Give what is told of these, in their order; of one kind are those that bear one title."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.title, []).append(problem)
    told: list[Problem] = []
    for kind in kinds.values():
        if len(kind) <= MOST_EACH:
            told += kind
        else:
            told.append(replace(kind[0], detail=f"{kind[0].detail} So it is with {len(kind) - 1:,} more."))
    return told
