"""Looks through a log for the symptoms that there are (`symptoms.py`). Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from craft_desktop.model import places
from craft_desktop.model.errors import Action
from craft_desktop.model.places import Place
from craft_desktop.model.plain import plain
from craft_desktop.model.report import Check, Grade
from craft_desktop.model.symptoms import SYMPTOMS, Symptom

# The longest line that names a cause, npm's of optional dependencies, has some 230 letters.
LONGEST_LINE = 500
# Lines looked at, from the end: a failed install prints 300, a start of Next.js 20. All of them take some 0.1 s.
MOST_LINES = 1_000
# Evidence is read at a glance; the log has the rest.
LONGEST_EVIDENCE = 240
# A file that a message names stands in its own line or in the few after it.
PLACE_WITHIN = 4

# A page that was served, or a compile that came through.
_HEALED = re.compile(r"✓ Compiled\b|^\s*(?:GET|HEAD) /\S* 2\d\d\b|\[vite\].{0,40}(?:hmr update|page reload)")

_OWN_FILE = re.compile(r"['\"](?:\.{1,2}|[@~])?/")


@dataclass(frozen=True, slots=True)
class Seen:
    """A symptom in a log: the line that tells it, and where the file is that it names."""

    symptom: Symptom
    line: str
    place: Place | None = None


def read_symptoms(lines: Sequence[str]) -> tuple[Seen, ...]:
    """Give the symptoms that a log's lines tell; of each the last one that nothing took back."""
    recent = [plain(line, LONGEST_LINE) for line in lines[-MOST_LINES:]]
    healed_at = max((number for number, line in enumerate(recent) if _HEALED.search(line)), default=-1)
    found: list[Seen] = []
    claimed: set[int] = set()  # a line says one thing: the more exact symptom comes first in the table
    for symptom in SYMPTOMS:
        said = [
            number
            for number, line in enumerate(recent)
            if not (symptom.heals and number < healed_at)
            and number not in claimed
            and any(pattern.search(line) for pattern in symptom.patterns)
        ]
        claimed.update(said)
        if said:
            last = said[-1]
            found.append(Seen(symptom, recent[last].strip(), _place(recent[last : last + PLACE_WITHIN])))
    return tuple(found)


def checks_of_log(seen: Iterable[Seen], when_clean: str, is_there: Callable[[Place], bool]) -> list[Check]:
    """Give one check for each symptom there is, found or not.

    :param when_clean: what a check says that found nothing.
    :param is_there: tells whether the project has a file; only then its place is a link.
    """
    by_id = {each.symptom.id: each for each in seen}
    checks = []
    for symptom in SYMPTOMS:
        each = by_id.get(symptom.id)
        if each is None:
            checks.append(Check(symptom.name, Grade.OK, when_clean, id=symptom.id))
            continue
        place = each.place if each.place is not None and is_there(each.place) else None
        # A file of the project is not installed; a package is.
        action = Action.NONE if symptom.id == "modules" and _OWN_FILE.search(each.line) else symptom.action
        detail = f"{symptom.told}\n{shortened(each.line)}"
        checks.append(Check(symptom.name, symptom.grade, detail, symptom.remedy, symptom.id, action, place))
    return checks


def shortened(text: str) -> str:
    """Give what a glance takes in of a line."""
    return text if len(text) <= LONGEST_EVIDENCE else f"{text[: LONGEST_EVIDENCE - 1]}…"


def _place(lines: Sequence[str]) -> Place | None:
    for line in lines:
        # What lies in a package is not the person's to correct.
        for each in places.find(line):
            if "node_modules" not in each.place.path and each.place.line:
                return each.place
    return None
