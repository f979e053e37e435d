from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.operations import Wipe
from craft_desktop.model.session import ReinstallAsked, RestartAsked, ServerBroke, ServerCrashed, SourceSaved
from craft_desktop.workbench.again import broken, words_for

PROBLEM = Problem("The dev server ended", "SyntaxError", "Start again.", Action.START)


def test_every_reason_is_told_once() -> None:
    facts = (ReinstallAsked(), RestartAsked(), ServerCrashed(), ServerBroke(PROBLEM))
    assert len({words_for(fact, Wipe.NOTHING) for fact in facts}) == len(facts)
    assert all(words_for(fact, Wipe.NOTHING) for fact in facts)
    assert words_for(SourceSaved(), Wipe.NOTHING) == ""  # its files are named instead


def test_what_is_deleted_first_goes_before() -> None:
    assert words_for(RestartAsked(), Wipe.BUILT).startswith("Restarting clean")
    assert words_for(ReinstallAsked(), Wipe.INSTALLED).startswith("Installing the dependencies again")


def test_what_broke_by_a_save_is_mended_by_one() -> None:
    told = broken(PROBLEM)
    assert (told.title, told.detail, told.action) == (PROBLEM.title, PROBLEM.detail, Action.RESTART)
    assert "save" in told.remedy
