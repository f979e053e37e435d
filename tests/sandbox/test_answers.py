import dataclasses

import pytest

from craft_desktop.sandbox.answers import Found, FoundSnapshot, Outcome


@pytest.mark.parametrize(
    "answer", [Outcome(0, "out", "err"), Found("i1", {"app": "craft-desktop"}), FoundSnapshot("s1", ("one", "two"))]
)
def test_an_answer_is_a_value(answer: Outcome | Found | FoundSnapshot) -> None:
    assert dataclasses.replace(answer) == answer
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(answer, dataclasses.fields(answer)[0].name, 1)


def test_a_sandbox_runs_unless_it_says_that_it_sleeps() -> None:
    assert not Found("i1", {}).is_paused
