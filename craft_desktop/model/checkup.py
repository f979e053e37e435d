"""What the facts of a preview mean: one rule a check, from what was seen to a grade, its evidence and a remedy. Pure.

Every rule answers in the same words whoever asks; what was not seen is unknown, and never guessed at.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import CompileChanged
from craft_desktop.model.letters import Mismatch
from craft_desktop.model.places import Place
from craft_desktop.model.report import Check, Grade
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.source_reads import Read, shown_prefix

# A person notices a page that waits longer; a dev server that has compiled answers in 0.1 s (measured).
SLOW_S = 1.5
# So many names are read at a glance.
MOST_NAMED = 6
_HOT = frozenset({Framework.NEXT, Framework.VITE, Framework.ASTRO, Framework.NUXT, Framework.REMIX})

# The checks of this module, in the order of a start: id and name. The log's come behind (`symptoms.SYMPTOMS`).
NAMES: dict[str, str] = {
    "run": "The run",
    "process": "Dev server’s process",
    "address": "Listening address",
    "port": "Port",
    "answer": "The page’s answer",
    "speed": "Time to the first byte",
    "redirects": "Redirects",
    "policy": "Content security policy",
    "hydration": "Hydration",
    "hot-reload": "Hot reload",
    "compile": "Compiling",
    "variables": "Environment variables",
    "prefixes": "Variables of the page",
    "letters": "Upper and lower case",
    "node": "Version of Node.js",
    "install": "Installed packages",
    "memory": "Memory",
    "disk": "Disk",
    "clock": "Clock",
    "lock": "Next.js’s lock",
    "sync": "Copy of the folder",
}


@dataclass(frozen=True, slots=True)
class PageSeen:
    """What a window saw of the page. `is_hydrated` is None where no framework's root is known there.

    `letters`, `elements` and `pictures` (whatever is seen without letters) count what stands in its body.
    """

    is_hydrated: bool | None = None
    letters: int = 0
    elements: int = 0
    pictures: int = 0
    is_answering: bool = True

    @property
    def is_blank(self) -> bool:
        """Is there nothing to be seen?"""
        return self.is_answering and self.letters == 0 and self.pictures == 0


def fine(key: str, detail: str) -> Check:
    """Say that a check found nothing wrong."""
    return Check(NAMES[key], Grade.OK, detail, id=key)


def found(
    key: str, grade: Grade, detail: str, remedy: str, action: Action = Action.NONE, place: Place | None = None
) -> Check:
    """Say what a check found."""
    return Check(NAMES[key], grade, detail, remedy, key, action, place)


def unknown(key: str, name: str, why: str) -> Check:
    """Say that a check could not be made."""
    return Check(name, Grade.UNKNOWN, why, id=key)


def check_run(session: Session) -> Check:
    """Does the project run, and if not, why?"""
    problem = session.problem
    if session.phase in (Phase.FAILED, Phase.BROKEN) and problem is not None:
        told = f"{problem.title}. {problem.detail}" if problem.detail else problem.title
        return found("run", Grade.BAD, told, problem.remedy, problem.action)
    if session.phase is Phase.STOPPED:
        return found("run", Grade.BAD, "Nothing runs.", "Start the project.", Action.START)
    if session.phase is Phase.LIVE:
        return fine("run", "Live.")
    if session.phase is Phase.ASLEEP:
        return found("run", Grade.LIMITED, "It sleeps: its processes stand still.", "Use the page; that wakes it.")
    return found("run", Grade.LIMITED, f"On its way: {session.phase.value}.", "Wait, or look at its log.")


def check_hydration(page: PageSeen | None, phase: Phase) -> Check:
    """Did the page's own code take over what the server sent?"""
    if phase is not Phase.LIVE or page is None:
        return unknown("hydration", NAMES["hydration"], "No window looks at the page.")
    if not page.is_answering:
        return found(
            "hydration",
            Grade.BAD,
            "The page’s own code does not let anything else run: it hangs.",
            "Look for a loop without an end in what was edited last, then restart.",
            Action.RESTART,
        )
    seen = f"{page.elements} elements, {page.letters} letters"
    if page.is_hydrated is False:
        remedy = "Look at the Browser log. Where scripts are refused or fail, nothing on the page reacts."
        return found("hydration", Grade.BAD, f"The framework has not taken the page over ({seen}).", remedy)
    if page.is_blank:
        return found("hydration", Grade.BAD, f"The page is empty ({seen}).", "Look at the Browser log for the reason.")
    if page.is_hydrated is None:
        return fine("hydration", f"No framework’s root is known there; {seen}.")
    return fine("hydration", f"The framework has taken the page over; {seen}.")


def check_hot_reload(sockets: int, framework: Framework, page: PageSeen | None, phase: Phase) -> Check:
    """Is the socket open by which edits reach the page?"""
    if framework not in _HOT:
        return fine("hot-reload", "A plain Node.js server has none; after a save the window loads its page anew.")
    if sockets:
        return fine("hot-reload", f"{sockets} page{' listens' if sockets == 1 else 's listen'} for changes.")
    if phase is not Phase.LIVE or page is None:
        return unknown("hot-reload", NAMES["hot-reload"], "No window looks at the page.")
    return found(
        "hot-reload",
        Grade.LIMITED,
        "The page is open, but its socket is not: edits do not show by themselves.",
        "Restart. If it stays, the Dev server log says who refuses the socket.",
        Action.RESTART,
    )


def check_compile(compiling: CompileChanged) -> Check:
    """Does the project compile?"""
    if not compiling.title:
        return fine("compile", "The dev server tells of no error.")
    return found("compile", Grade.BAD, compiling.title, "Correct it and save.", place=compiling.place)


def check_variables(needed: Sequence[Read], example: Collection[str], *, is_whole: bool, sources: int) -> Check:
    """Is each variable set that the source reads?"""
    if needed:
        names = [read.name for read in needed]
        declared = [name for name in names if name in example]
        detail = f"The code reads {listed(names)}, and nothing sets {'it' if len(names) == 1 else 'them'}."
        if declared:
            detail += f" The example file names {listed(declared)}."
        return found(
            "variables",
            Grade.LIMITED,
            detail,
            "Set them under Environment variables, or in a .env file of the project.",
            Action.OPEN_ENVIRONMENT,
            needed[0].place,
        )
    if not is_whole:
        why = f"The project is too large to be read at once; in the {sources:,} files read, none is missing."
        return unknown("variables", NAMES["variables"], why)
    return fine("variables", f"Each that {sources:,} source file{' reads' if sources == 1 else 's read'} is set.")


def check_prefixes(behind: Sequence[Read], framework: Framework) -> Check:
    """Do the variables reach the page that reads them?"""
    if not behind:
        return fine("prefixes", "None that is set stays behind.")
    names = [read.name for read in behind]
    return found(
        "prefixes",
        Grade.LIMITED,
        f"{listed(names)}: set, but code of the page that reads it gets nothing.",
        f"What the page may see begins with {shown_prefix(framework)}; all else stays on the server.",
        Action.OPEN_ENVIRONMENT,
        behind[0].place,
    )


def check_letters(wrong: Sequence[Mismatch], *, is_whole: bool) -> Check:
    """Is each file imported by the letters that it has?"""
    if wrong:
        first = wrong[0]
        more = f" And {len(wrong) - 1} more." if len(wrong) > 1 else ""
        return found(
            "letters",
            Grade.BAD,
            f"“{first.asked.path}” is imported; the file is {first.there}.{more}",
            "Write the import as the file is named: Linux tells upper from lower case, macOS and Windows do not.",
            place=first.asked.place,
        )
    if not is_whole:
        return unknown("letters", NAMES["letters"], "The project is too large to be read at once; nothing was found.")
    return fine("letters", "Every import has its file’s letters.")


def check_sync(halted: Problem | None, pending: int, verified_s: float | None) -> Check:
    """Is the sandbox's copy the folder's?

    :param halted: why nothing is sent; `pending` how many changes wait; `verified_s` how long ago hashes were equal.
    """
    if halted is not None:
        return found("sync", Grade.BAD, f"{halted.title}. {halted.detail}", halted.remedy, halted.action)
    if pending > MOST_PENDING:
        return found("sync", Grade.LIMITED, f"{pending} changes are on their way.", "Wait until they have arrived.")
    ago = "" if verified_s is None else f" Verified {verified_s:.0f} s ago."
    return fine("sync", f"The sandbox has the folder’s files.{ago}")


MOST_PENDING = 50
"""A save is one change; a switch of branches some hundred."""


def listed(names: Sequence[str]) -> str:
    """Name a few of many."""
    more = len(names) - MOST_NAMED
    told = [*names[:MOST_NAMED], f"{more} more"] if more > 0 else list(names)
    return " and ".join(part for part in (", ".join(told[:-1]), told[-1] if told else "") if part)
