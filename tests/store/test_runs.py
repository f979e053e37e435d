from pathlib import Path

import pytest

from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import FRESH_STEPS, Step, StepRecord, StepState
from craft_desktop.store import runs as module
from craft_desktop.store.runs import LIVE, RunStore


def steps(*seconds: float) -> list[StepRecord]:
    return [StepRecord(step, StepState.DONE, 0.0, took) for step, took in zip(Step, seconds, strict=False)]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


async def add(
    store: RunStore, at: float, *seconds: float, origin: Origin = Origin.TEMPLATE, outcome: str = LIVE, of: str = "p1"
) -> None:
    await store.add(of, Provider.LOCAL, origin, at, steps(*seconds), outcome)


async def test_without_a_run_nothing_is_estimated(store: RunStore) -> None:
    assert store.estimates("p1") == {}
    await add(store, 1, 1.0, outcome="The dev server ended")
    assert store.estimates("p1") == {}


async def test_the_median_of_the_last_five_good_runs(store: RunStore) -> None:
    for at, took in enumerate([100.0, 1.0, 2.0, 3.0, 4.0, 90.0]):
        await add(store, at, took)
    await add(store, 99, 5000.0, outcome="Something failed")
    await add(store, 99, 5000.0, of="p2")
    assert store.estimates("p1") == {Step.SANDBOX: 3.0}


async def test_only_runs_as_warm_are_compared(store: RunStore) -> None:
    await add(store, 1, 1.0, 2.0, 20.0)
    await add(store, 2, 0.5, 0.1, 0.0, origin=Origin.IMAGE)
    assert store.estimates("p1", Origin.TEMPLATE)[Step.INSTALL] == 20.0
    assert store.estimates("p1", Origin.IMAGE)[Step.INSTALL] == 0.0
    assert store.estimates("p1")[Step.INSTALL] == 0.0  # as the last one
    assert store.estimates("p1", Origin.POOLED) == {}


async def test_steps_that_did_not_end_are_not_kept(store: RunStore) -> None:
    failed = [StepRecord(Step.SANDBOX, StepState.DONE, 0, 1.0), StepRecord(Step.UPLOAD, StepState.FAILED, 1, 9.0)]
    await store.add("p1", Provider.E2B, Origin.POOLED, 5.0, [*failed, *FRESH_STEPS[2:]], "The disk is full")
    (run,) = await store.history("p1")
    assert (run.provider, run.origin, run.outcome) == (Provider.E2B, Origin.POOLED, "The disk is full")
    assert run.seconds == {Step.SANDBOX: 1.0}


async def test_the_history_is_bounded_and_newest_first(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_RUNS", 3)
    for at in range(5):
        await add(store, at, float(at))
    await add(store, 0, 1.0, of="p2")
    assert [run.started_at for run in await store.history("p1")] == [4, 3, 2]
    assert [run.started_at for run in await store.history("p1", 1)] == [4]
    assert len(await store.history("p2")) == 1
    await store.forget("p1")
    assert await store.history("p1") == ()
