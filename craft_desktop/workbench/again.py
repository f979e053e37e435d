"""Why a dev server is started anew, or waits to be: the facts, and what the log says of them."""

from dataclasses import replace

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.operations import Wipe
from craft_desktop.model.session import ReinstallAsked, RestartAsked, ServerBroke, ServerCrashed, SourceSaved

Again = ReinstallAsked | RestartAsked | SourceSaved
"""What is asked of a run; a dev server's own end asks too, by `ServerCrashed`."""

_WIPES = {
    Wipe.BUILT: "Restarting clean: what was built is deleted in the sandbox first",
    Wipe.INSTALLED: "Installing the dependencies again: they are deleted in the sandbox first",
}
_WORDS = {
    ReinstallAsked: "Dependencies changed: installing again",
    RestartAsked: "Restarting",
    ServerCrashed: "The dev server ended: starting it again",
    ServerBroke: "The dev server ended: the next save starts it again",
}


def words_for(fact: Again | ServerCrashed | ServerBroke, wipe: Wipe) -> str:
    """Give the line of the log; empty for a save, which is told with its files' names."""
    return _WIPES.get(wipe) or _WORDS.get(type(fact), "")


def broken(problem: Problem) -> Problem:
    """Give the problem of a dev server that ended, where a save mends it."""
    return replace(
        problem,
        remedy="Correct what its last lines say, and save: that starts it again.",
        action=Action.RESTART,
    )
