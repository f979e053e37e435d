import pytest

from craft_desktop.model.checkup import (
    NAMES,
    PageSeen,
    check_compile,
    check_hot_reload,
    check_hydration,
    check_letters,
    check_prefixes,
    check_run,
    check_sync,
    check_variables,
    listed,
    unknown,
)
from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import CompileChanged
from craft_desktop.model.letters import Import, Mismatch
from craft_desktop.model.places import Place
from craft_desktop.model.report import Grade
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.source_reads import Read

PLACE = Place("app/page.tsx", 3, 1)
HALTED = Problem("The folder is empty", "It had 12 files.", "Put them back.", Action.SEND_EMPTINESS)


@pytest.mark.parametrize(
    ("session", "grade", "action"),
    [
        (Session("p"), Grade.BAD, Action.START),
        (Session("p", Phase.LIVE), Grade.OK, Action.NONE),
        (Session("p", Phase.ASLEEP), Grade.LIMITED, Action.NONE),
        (Session("p", Phase.WAITING), Grade.LIMITED, Action.NONE),
        (Session("p", Phase.FAILED, problem=HALTED), Grade.BAD, Action.SEND_EMPTINESS),
    ],
)
def test_the_run(session: Session, grade: Grade, action: Action) -> None:
    check = check_run(session)
    assert (check.grade, check.action, check.id) == (grade, action, "run")
    assert check.remedy or grade is Grade.OK


@pytest.mark.parametrize(
    ("page", "phase", "grade"),
    [
        (None, Phase.LIVE, Grade.UNKNOWN),
        (PageSeen(True, 40, 9), Phase.STOPPED, Grade.UNKNOWN),
        (PageSeen(True, 40, 9), Phase.LIVE, Grade.OK),
        (PageSeen(None, 40, 9), Phase.LIVE, Grade.OK),
        (PageSeen(False, 40, 9), Phase.LIVE, Grade.BAD),
        (PageSeen(True, 0, 3, 0), Phase.LIVE, Grade.BAD),
        (PageSeen(None, 0, 3, 1), Phase.LIVE, Grade.OK),
        (PageSeen(is_answering=False), Phase.LIVE, Grade.BAD),
    ],
)
def test_hydration(page: PageSeen | None, phase: Phase, grade: Grade) -> None:
    assert check_hydration(page, phase).grade is grade


@pytest.mark.parametrize(
    ("sockets", "framework", "page", "grade"),
    [
        (0, Framework.OTHER, PageSeen(), Grade.OK),
        (1, Framework.NEXT, None, Grade.OK),
        (0, Framework.NEXT, PageSeen(), Grade.LIMITED),
        (0, Framework.VITE, None, Grade.UNKNOWN),
    ],
)
def test_hot_reload(sockets: int, framework: Framework, page: PageSeen | None, grade: Grade) -> None:
    assert check_hot_reload(sockets, framework, page, Phase.LIVE).grade is grade


def test_compiling() -> None:
    assert check_compile(CompileChanged("p")).grade is Grade.OK
    check = check_compile(CompileChanged("p", "Expected a tag", PLACE))
    assert (check.grade, check.detail, check.place) == (Grade.BAD, "Expected a tag", PLACE)


def test_variables() -> None:
    needed = [Read(name, PLACE) for name in "ABCDEFGH"]
    check = check_variables(needed, {"B"}, is_whole=True, sources=9)
    assert check.grade is Grade.LIMITED and check.action is Action.OPEN_ENVIRONMENT and check.place == PLACE
    assert "and 2 more" in check.detail and "example file names B." in check.detail
    one = check_variables(needed[:1], set(), is_whole=True, sources=1)
    assert one.detail == "The code reads A, and nothing sets it."
    assert check_variables([], set(), is_whole=True, sources=9).grade is Grade.OK
    # what was left out may read any
    assert check_variables([], set(), is_whole=False, sources=6000).grade is Grade.UNKNOWN


def test_prefixes_and_letters() -> None:
    assert check_prefixes([], Framework.VITE).grade is Grade.OK
    check = check_prefixes([Read("API", PLACE)], Framework.VITE)
    assert check.grade is Grade.LIMITED and "VITE_" in check.remedy
    wrong = Mismatch(Import("./Button", PLACE), "button.tsx")
    check = check_letters([wrong, wrong], is_whole=True)
    assert check.grade is Grade.BAD and "button.tsx" in check.detail and "1 more" in check.detail
    assert check_letters([], is_whole=True).grade is Grade.OK
    assert check_letters([], is_whole=False).grade is Grade.UNKNOWN


def test_the_copy_of_the_folder() -> None:
    assert check_sync(None, 0, 3.2).detail.endswith("3 s ago.")
    assert check_sync(None, 60, None).grade is Grade.LIMITED
    check = check_sync(HALTED, 0, None)
    assert (check.grade, check.action) == (Grade.BAD, Action.SEND_EMPTINESS)


def test_words() -> None:
    assert listed(["a", "b"]) == "a and b"
    assert unknown("disk", NAMES["disk"], "why").grade is Grade.UNKNOWN
