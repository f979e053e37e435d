"""What a project's address says while nothing serves there, made from its session."""

from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase, Session
from craft_desktop.preview.pages import PageKind, PageState

_TITLES = {
    Phase.CREATING: "is getting a sandbox",
    Phase.UPLOADING: "is being copied",
    Phase.INSTALLING: "is installing its dependencies",
    Phase.STARTING: "is starting its dev server",
    Phase.WAITING: "is making its first page",
    Phase.LIVE: "is live",
    Phase.WAKING: "is waking up",
    Phase.STOPPING: "is stopping",
}


def page_state(project: Project, session: Session) -> PageState:
    """Give the page for a session that does not serve."""
    if session.phase in (Phase.FAILED, Phase.BROKEN) and session.problem is not None:
        problem = session.problem
        return PageState(PageKind.FAILED, problem.title, problem.detail, problem.remedy)
    if session.phase is Phase.ASLEEP:
        return PageState(PageKind.ASLEEP, f"{project.name} is asleep", "", "It wakes when you look at it.")
    if session.phase in _TITLES:
        return PageState(PageKind.WAITING, f"{project.name} {_TITLES[session.phase]}", steps=session.steps)
    return PageState(PageKind.STOPPED, f"{project.name} is not running", "", "Press Start in Craft Desktop.")
