import dataclasses
from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from craft_desktop.model.errors import Problem
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import (
    ACTIVE,
    FRESH_STEPS,
    STEP_OF_PHASE,
    TABLE,
    Ended,
    Fact,
    Failed,
    Installed,
    PageServed,
    Phase,
    ReinstallAsked,
    RestartAsked,
    SandboxReady,
    ServerBroke,
    ServerCrashed,
    ServerStarted,
    Session,
    SleepAsked,
    SourceSaved,
    StartAsked,
    StartOverAsked,
    Step,
    StepRecord,
    StepState,
    StopAsked,
    TransitionError,
    Uploaded,
    WakeAsked,
    advance,
)

PROBLEM = Problem("The dev server ended", "exit code 1", "Look at its log.")
URL = "http://shop.localhost:4100/"
FACTS: tuple[Fact, ...] = (
    StartAsked(Provider.E2B),
    SandboxReady("i1"),
    SandboxReady("i2", Origin.ADOPTED),
    Uploaded(3, 4096),
    Installed(),
    Installed(skipped=True),
    ServerStarted(42, 3000),
    PageServed(URL),
    ReinstallAsked(),
    RestartAsked(),
    SourceSaved(),
    ServerBroke(PROBLEM),
    ServerCrashed(),
    StartOverAsked(),
    SleepAsked(),
    WakeAsked(),
    StopAsked(),
    Ended(),
    Failed(PROBLEM),
)
TO_LIVE: tuple[Fact, ...] = (
    StartAsked(Provider.LOCAL),
    SandboxReady("i1"),
    Uploaded(3, 4096),
    Installed(),
    ServerStarted(42, 3000),
    PageServed(URL),
)
REST = frozenset({Phase.STOPPED, Phase.FAILED})


def after(*facts: Fact, session: Session | None = None, at: float = 100.0) -> Session:
    """Give the session after `facts`, a second apart, the first at `at`."""
    session = session or Session("p1")
    for number, fact in enumerate(facts):
        session = advance(session, fact, at + number)
    return session


def step(session: Session, wanted: Step) -> StepRecord:
    return next(record for record in session.steps if record.step is wanted)


@settings(max_examples=60, stateful_step_count=40)
class AnyFacts(RuleBasedStateMachine):
    """Tells facts in any order: each follows the table or is refused, and what is known of the run stays true."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session("p1")
        self.now = 100.0

    def tell(self, fact: Fact) -> None:
        self.now += 1
        before = self.session
        expected = TABLE.get((before.phase, type(fact)))
        if expected is None:
            with pytest.raises(TransitionError, match=type(fact).__name__):
                advance(before, fact, self.now)
        else:
            self.session = advance(before, fact, self.now)
            assert self.session.phase is expected
            assert self.session.since == self.now

    @rule(fact=st.sampled_from(FACTS))
    def tell_any(self, fact: Fact) -> None:
        self.tell(fact)

    @precondition(lambda self: self.session.phase in STEP_OF_PHASE)
    @rule()
    def go_on(self) -> None:
        """Take the straight way too: by chance alone a run seldom comes to its page."""
        order = [Phase.CREATING, Phase.UPLOADING, Phase.INSTALLING, Phase.STARTING, Phase.WAITING]
        self.tell(TO_LIVE[order.index(self.session.phase) + 1])

    @invariant()
    def a_session_at_rest_holds_nothing(self) -> None:
        if self.session.phase in REST:
            assert self.session.sandbox_id is None
            assert self.session.pid is None
            assert self.session.port is None
            assert not self.session.is_active

    @invariant()
    def a_session_that_serves_knows_its_sandbox_and_process(self) -> None:
        if self.session.phase in (Phase.WAITING, Phase.LIVE, Phase.ASLEEP, Phase.WAKING):
            assert self.session.sandbox_id
            assert self.session.pid
            assert self.session.port
        if self.session.phase in (Phase.INSTALLING, Phase.STARTING):
            assert self.session.sandbox_id
            assert self.session.pid is None
        if self.session.phase in (Phase.LIVE, Phase.ASLEEP, Phase.WAKING):
            assert self.session.url == URL

    @invariant()
    def a_problem_is_told_only_of_what_failed(self) -> None:
        assert (self.session.problem is None) is (self.session.phase not in (Phase.FAILED, Phase.BROKEN))

    @invariant()
    def one_step_runs_and_those_before_it_are_done(self) -> None:
        states = [record.state for record in self.session.steps]
        running = [record.step for record in self.session.steps if record.state is StepState.RUNNING]
        asked = STEP_OF_PHASE.get(self.session.phase)
        assert running == ([asked] if asked else [])
        ended = {StepState.DONE, StepState.SKIPPED}
        begun = next((index for index, state in enumerate(states) if state not in ended), len(states))
        assert all(state is StepState.WAITING for state in states[begun + 1 :])

    @invariant()
    def the_steps_stand_in_order_and_times_belong_to_states(self) -> None:
        assert [record.step for record in self.session.steps] == list(Step)
        for record in self.session.steps:
            assert (record.started_at is None) is (record.state is StepState.WAITING)
            assert (record.seconds is None) is (record.state in (StepState.WAITING, StepState.RUNNING))
            assert record.seconds is None or record.seconds >= 0

    @invariant()
    def the_project_stays_the_same(self) -> None:
        assert self.session.project_id == "p1"
        assert self.session.started_at <= self.session.since


TestAnyFacts = AnyFacts.TestCase


def test_every_pair_is_in_the_table_or_refused() -> None:
    for phase in Phase:
        for fact in FACTS:
            session = Session("p1", phase=phase)
            if (phase, type(fact)) in TABLE:
                assert advance(session, fact, 1.0).phase is TABLE[phase, type(fact)]
            else:
                with pytest.raises(TransitionError):
                    advance(session, fact, 1.0)


def test_every_phase_is_reached_and_every_fact_has_its_use() -> None:
    assert set(TABLE.values()) == set(Phase)
    assert {fact for _, fact in TABLE} == set(get_args(Fact))
    assert {type(fact) for fact in FACTS} == set(get_args(Fact))


def test_whatever_runs_can_be_stopped_and_can_fail() -> None:
    for phase in ACTIVE:
        assert TABLE[phase, StopAsked] is Phase.STOPPING
        assert TABLE[phase, Failed] is Phase.FAILED
    assert {phase for phase in Phase if Session("p1", phase=phase).is_active} == ACTIVE
    assert {Phase.STOPPING, *REST} == set(Phase) - ACTIVE


def test_the_straight_way_is_told_with_its_seconds() -> None:
    live = after(*TO_LIVE)
    assert live.phase is Phase.LIVE
    assert (live.started_at, live.since) == (100.0, 105.0)
    assert (live.provider, live.sandbox_id, live.pid, live.port, live.url) == (Provider.LOCAL, "i1", 42, 3000, URL)
    assert [(record.state, record.started_at, record.seconds) for record in live.steps] == [
        (StepState.DONE, 100.0 + number, 1.0) for number in range(5)
    ]
    assert step(live, Step.UPLOAD).note == "3 files, 4096 bytes"


def test_a_clock_set_back_makes_no_step_shorter_than_nothing() -> None:
    creating = advance(Session("p1"), StartAsked(Provider.LOCAL), 4000.0)
    uploading = advance(creating, SandboxReady("i1"), 400.0)
    assert step(uploading, Step.SANDBOX).seconds == 0.0


def test_what_was_spared_is_told() -> None:
    session = after(
        StartAsked(Provider.LOCAL), SandboxReady("i1", Origin.ADOPTED), Uploaded(0, 0), Installed(skipped=True)
    )
    assert step(session, Step.SANDBOX).note == "reused"
    assert step(session, Step.SANDBOX).state is StepState.DONE
    assert step(session, Step.INSTALL).state is StepState.SKIPPED
    assert step(session, Step.INSTALL).note == "nothing to install"
    started = StartAsked(Provider.LOCAL), SandboxReady("i1", Origin.IMAGE), Uploaded(0, 0)
    warm = after(*started, Installed(skipped=True, saved_s=31.4))
    assert step(warm, Step.INSTALL).note == "saved 31 s · from snapshot"


def test_a_failure_marks_the_step_that_ran() -> None:
    failed = after(*TO_LIVE[:3], Failed(PROBLEM))
    assert failed.problem == PROBLEM
    assert step(failed, Step.INSTALL) == StepRecord(Step.INSTALL, StepState.FAILED, 102.0, 1.0)
    assert step(failed, Step.SERVER).state is StepState.WAITING


def test_a_failure_while_live_leaves_the_steps_done() -> None:
    failed = after(*TO_LIVE, Failed(PROBLEM))
    assert {record.state for record in failed.steps} == {StepState.DONE}


def test_a_stop_for_want_of_use_is_remembered_until_the_next_start() -> None:
    stopped = after(StopAsked(900.0), Ended(), session=after(*TO_LIVE), at=1000.0)
    assert stopped.phase is Phase.STOPPED and stopped.idle_s == 900.0
    assert after(StartAsked(Provider.LOCAL), session=stopped, at=1100.0).idle_s is None
    assert after(StopAsked(), Ended(), session=after(*TO_LIVE), at=1000.0).idle_s is None


def test_a_stop_leaves_no_step_running() -> None:
    stopping = after(*TO_LIVE[:3], StopAsked())
    assert step(stopping, Step.INSTALL) == StepRecord(Step.INSTALL)
    assert step(stopping, Step.UPLOAD).state is StepState.DONE
    stopped = after(Ended(), session=stopping, at=110.0)
    assert (stopped.phase, stopped.sandbox_id, stopped.pid) == (Phase.STOPPED, None, None)


@pytest.mark.parametrize("live", [TO_LIVE, TO_LIVE[:-1]], ids=["live", "waiting"])
@pytest.mark.parametrize(
    ("fact", "phase", "kept"), [(ReinstallAsked(), Phase.INSTALLING, 2), (RestartAsked(), Phase.STARTING, 3)]
)
def test_going_back_begins_the_later_steps_anew(live: tuple[Fact, ...], fact: Fact, phase: Phase, kept: int) -> None:
    before = after(*live)
    session = after(fact, session=before, at=200.0)
    assert session.phase is phase
    assert session.pid is None
    assert (session.sandbox_id, session.url, session.started_at) == (before.sandbox_id, before.url, 100.0)
    assert session.steps[:kept] == before.steps[:kept]
    assert session.steps[kept] == StepRecord(STEP_OF_PHASE[phase], StepState.RUNNING, 200.0)
    assert session.steps[kept + 1 :] == FRESH_STEPS[kept + 1 :]


def test_what_a_save_broke_waits_for_the_next() -> None:
    live = after(*TO_LIVE)
    again = after(SourceSaved(), session=live, at=200.0)
    assert (again.phase, again.is_for_save, again.pid, again.sandbox_id) == (Phase.STARTING, True, None, "i1")
    broken = after(ServerStarted(43, 3000), ServerBroke(PROBLEM), session=again, at=201.0)
    assert (broken.phase, broken.problem, broken.pid, broken.sandbox_id) == (Phase.BROKEN, PROBLEM, None, "i1")
    assert step(broken, Step.PAGE).state is StepState.FAILED
    mended = after(SourceSaved(), ServerStarted(44, 3000), PageServed(URL), session=broken, at=210.0)
    assert (mended.phase, mended.problem, mended.is_for_save) == (Phase.LIVE, None, True)
    assert {record.state for record in mended.steps} == {StepState.DONE}
    by_hand = after(RestartAsked(), session=broken, at=210.0)
    assert (by_hand.phase, by_hand.problem, by_hand.is_for_save) == (Phase.STARTING, None, False)
    stopped = after(StopAsked(), Ended(), session=broken, at=210.0)
    assert (stopped.phase, stopped.problem, stopped.sandbox_id) == (Phase.STOPPED, None, None)


def test_a_new_start_knows_nothing_of_the_last_run() -> None:
    failed = after(*TO_LIVE, Failed(PROBLEM))
    again = after(StartAsked(Provider.E2B), session=failed, at=300.0)
    assert again == Session(
        "p1",
        phase=Phase.CREATING,
        since=300.0,
        started_at=300.0,
        provider=Provider.E2B,
        steps=(StepRecord(Step.SANDBOX, StepState.RUNNING, 300.0), *FRESH_STEPS[1:]),
    )


def test_a_session_is_a_value() -> None:
    session = Session("p1")
    after(*TO_LIVE, session=session)
    assert session == Session("p1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        session.phase = Phase.LIVE  # type: ignore[misc]
