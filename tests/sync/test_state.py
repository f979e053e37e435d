import dataclasses

from craft_desktop.model.errors import Problem
from craft_desktop.sync.state import Halt, HaltReason, SyncState, Verification


def test_a_sync_begins_with_nothing_to_say() -> None:
    state = SyncState()
    assert (state.revision, state.verified_at, state.pending, state.halted, state.is_polling) == (
        0,
        None,
        0,
        None,
        False,
    )


def test_values_compare_by_what_they_say() -> None:
    halt = Halt(HaltReason.GONE, Problem("Gone", "x", "y"))
    assert not halt.is_waiting
    assert dataclasses.replace(halt, is_waiting=True) != halt
    assert SyncState(halted=halt) == SyncState(halted=dataclasses.replace(halt))
    assert Verification(1, (), 2.0).is_equal


def test_what_a_verification_tells() -> None:
    assert Verification(1, (), 2.0).told == ()
    repaired, left = Verification(1, ("a", "b"), 2.0, True, ("tsconfig.json",)).told
    assert repaired.endswith("a, b")
    assert left.startswith("tsconfig.json: left")
