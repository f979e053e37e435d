from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.host.registry import (
    CursorError,
    Query,
    Registry,
    Sandbox,
    State,
    cursor_of,
    is_sandbox_id,
    new_sandbox_id,
    place_of,
    select,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def sandbox(number: int, *, second: int = 0, state: State = State.RUNNING, **metadata: str) -> Sandbox:
    return Sandbox(
        sandbox_id=f"i{number:020d}",
        template_id="base",
        started_at=START + timedelta(seconds=second),
        end_at=START + timedelta(hours=1),
        timeout_s=60,
        state=state,
        metadata=metadata,
    )


def test_an_id_is_i_and_twenty_small_letters_or_digits() -> None:
    assert new_sandbox_id(lambda count: count - 1) == "i" + "9" * 20
    assert is_sandbox_id(new_sandbox_id(lambda _: 0))
    assert not is_sandbox_id("i" + "A" * 20)
    assert not is_sandbox_id("x" + "a" * 20)
    assert not is_sandbox_id("i" + "a" * 19 + "-")


def test_all_pairs_of_the_filter_must_be_borne() -> None:
    one, two = sandbox(1, app="craft", project="a"), sandbox(2, app="craft")
    assert select([one, two], Query(metadata={"app": "craft", "project": "a"})).sandboxes == (one,)
    assert select([one, two], Query(metadata={"app": "craft"})).sandboxes == (two, one)
    assert select([one, two], Query(metadata={"app": "other"})).sandboxes == ()


def test_states_template_and_start_are_filters() -> None:
    old, paused, new = sandbox(1), sandbox(2, second=5, state=State.PAUSED), sandbox(3, second=9)
    everything = [old, paused, new]
    assert select(everything, Query(states=frozenset({State.PAUSED}))).sandboxes == (paused,)
    assert select(everything, Query(started_after=paused.started_at)).sandboxes == (new, paused)
    assert select(everything, Query(template_id="other")).sandboxes == ()


def test_newest_come_first_unless_asked_otherwise() -> None:
    one, two = sandbox(1, second=1), sandbox(2, second=2)
    assert select([one, two], Query()).sandboxes == (two, one)
    assert select([two, one], Query(newest_first=False)).sandboxes == (one, two)


@given(
    seconds=st.lists(st.integers(0, 5), max_size=30),
    limit=st.integers(1, 7),
    newest_first=st.booleans(),
    killed=st.sets(st.integers(0, 29)),
)
def test_pages_tell_each_sandbox_once_though_some_end_between(
    seconds: list[int], limit: int, newest_first: bool, killed: set[int]
) -> None:
    everything = [sandbox(number, second=second) for number, second in enumerate(seconds)]
    seen: list[Sandbox] = []
    left = everything
    token = None
    while True:
        page = select(left, Query(limit=limit, newest_first=newest_first, after=token))
        seen += page.sandboxes
        left = [each for number, each in enumerate(everything) if number not in killed]
        token = page.next_token
        if token is None:
            break
    ids = [each.sandbox_id for each in seen]
    assert len(ids) == len(set(ids))
    assert {each.sandbox_id for each in left} <= set(ids)
    assert seen == sorted(seen, key=lambda s: (s.started_at, s.sandbox_id), reverse=newest_first)


def test_a_cursor_names_its_place() -> None:
    each = sandbox(4, second=3)
    assert place_of(cursor_of(each)) == (each.started_at, each.sandbox_id)


@pytest.mark.parametrize("cursor", ["", "!", "aGVsbG8", cursor_of(sandbox(1))[:-4], "é"])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        place_of(cursor)


def test_the_registry_knows_who_is_alive() -> None:
    registry = Registry()
    each = sandbox(1)
    registry.put(each)
    later = registry.extend(each.sandbox_id, START + timedelta(hours=2), 7200)
    assert registry.find(each.sandbox_id) == later
    assert len(registry) == 1
    assert registry.remove(each.sandbox_id) == later
    assert registry.remove(each.sandbox_id) is None
    assert registry.find(each.sandbox_id) is None


def test_secrets_are_not_shown() -> None:
    shown = repr(Sandbox("i", "base", START, START, 1, envd_token="hush", traffic_token="hushhush"))
    assert "hush" not in shown
