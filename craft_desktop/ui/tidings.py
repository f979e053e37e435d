"""What is worth telling a person who looks elsewhere: a start that ended, well or badly.

No Qt. One transition gives at most one piece of news; what the person asked for by hand is no news.
"""

from dataclasses import dataclass

from craft_desktop.model.session import STARTING_UP, Phase, Session
from craft_desktop.ui.present import HAS_PROBLEM, Tr

LONGEST = 200
"""Letters of a text: notification servers cut longer ones anywhere."""

_MARKUP = str.maketrans({"<": "‹", ">": "›", "&": "+"})
"""Many servers read a text as markup, and a project's name and errors are not ours."""


@dataclass(frozen=True, slots=True)
class Tidings:
    """A headline and a sentence, of one project."""

    project_id: str
    title: str
    text: str


def tidings(before: Phase, session: Session, name: str, tr: Tr) -> Tidings | None:
    """Tell what of the step from `before` to `session` is worth a notification; None: nothing.

    :param name: the project's.
    """
    match session.phase:
        case Phase.LIVE if before in STARTING_UP and not session.is_for_save:
            seconds = max(0, round(session.since - session.started_at))
            title, text = tr("{0} is live").format(name), tr("The first page came after {0} s.").format(seconds)
        case Phase.FAILED | Phase.BROKEN if before not in HAS_PROBLEM and session.problem is not None:
            title, text = tr("{0} failed").format(name), session.problem.title
        case _:
            return None
    return Tidings(session.project_id, _plain(title), _plain(text))


def _plain(text: str) -> str:
    words = " ".join(text.translate(_MARKUP).split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
