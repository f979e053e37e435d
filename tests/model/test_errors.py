import inspect
import pickle
import re

import pytest

from craft_desktop.model import errors
from craft_desktop.model.errors import Action, ConsentNeededError, CraftError, Problem, SandboxError, struck, unexpected

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, CraftError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_failure_is_told_as_headline_facts_and_next_step(kind: type[CraftError]) -> None:
    error = kind("It is gone", "ENOENT", "Put it back.", Action.OPEN_FOLDER)
    assert error.problem == Problem("It is gone", "ENOENT", "Put it back.", Action.OPEN_FOLDER)
    assert str(error) == "It is gone: ENOENT"
    assert kind("a", "b", "c").problem.action is Action.NONE
    assert pickle.loads(pickle.dumps(error)).problem == error.problem


def test_the_tree_is_the_one_drawn_above_it() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert set(drawn) == {kind.__name__ for kind in KINDS} - {"CraftError"}
    assert issubclass(ConsentNeededError, SandboxError)


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (ValueError("no such port"), "ValueError: no such port"),
        (KeyError(), "KeyError"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_what_nobody_foresaw_is_told_with_its_kind(error: Exception, detail: str) -> None:
    problem = unexpected(error)
    assert problem.detail == detail
    assert problem.action is Action.START


def test_a_struck_problem_keeps_all_but_the_secret() -> None:
    problem = Problem("It said s3cret", "s3cret\nfacts", "Not s3cret.", Action.START)
    assert struck(problem, lambda text: text.replace("s3cret", "•")) == Problem(
        "It said •", "•\nfacts", "Not •.", Action.START
    )


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        ("npm ci ended with exit code 1.\nnpm error code E404\nnpm error 404", "npm error code E404"),
        ("Its exit code was 9.\n  Error: listen EADDRINUSE  ", "Error: listen EADDRINUSE"),
        ("npm ci ended with exit code 1.", "The dependencies could not be installed"),
        ("It printed nothing.", "The dependencies could not be installed"),
        ("", "The dependencies could not be installed"),
    ],
)
def test_the_first_line_that_says_why(detail: str, line: str) -> None:
    assert Problem("The dependencies could not be installed", detail, "Fix it.").first_line == line
