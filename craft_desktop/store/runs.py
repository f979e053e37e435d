"""The history of runs with the times of their steps: what a step usually takes, and whether it is slower now."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Step, StepRecord, StepState
from craft_desktop.store.clerk import Clerk, by_clerk
from craft_desktop.store.database import Database

TABLE = "runs"
COLUMNS = {
    "id": "INTEGER PRIMARY KEY",
    "project_id": "TEXT NOT NULL",
    "provider": "TEXT NOT NULL",
    "origin": "TEXT NOT NULL",
    "started_at": "REAL NOT NULL",
    "steps": "TEXT NOT NULL",
    "outcome": "TEXT NOT NULL",
}
# Five runs: a median that one slow network does not move, and that follows a change of the project within days.
RUNS_ASKED = 5
# Kept of one project: what a person may want to look back on.
KEPT_RUNS = 100
# The outcome of a run whose page came; any other is the failure's headline.
LIVE = "live"
_OVER = (StepState.DONE, StepState.SKIPPED)
# A step that a newer or older version knew is left out.
_STEP_NAMES = frozenset(Step)


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `started_at` in Unix seconds, `seconds` by step, for the steps that were done or skipped."""

    project_id: str
    provider: Provider
    origin: Origin
    started_at: float
    seconds: Mapping[Step, float]
    outcome: str


class RunStore:
    """Rows of runs in `ledger.sqlite` in `folder`, which must exist.

    To make one blocks; close it with `aclose`. What estimates are made of is kept in memory as well, for a start waits
    for no file: what other copies of the program have learnt meanwhile is known from this one's next start on. Every
    method but `estimates` raises SandboxError where the file cannot be written (a full disk).
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder, TABLE, COLUMNS)
        self._clerk = Clerk("runs")
        self._good: dict[str, list[Run]] = {}  # by project, newest first
        for run in self._select("outcome = ?", (LIVE,)):
            self._good.setdefault(run.project_id, []).append(run)

    async def aclose(self) -> None:
        """Write what is still to be written. May be called twice."""
        await self._clerk.aclose()

    async def add(
        self,
        project_id: str,
        provider: Provider,
        origin: Origin,
        started_at: float,
        steps: Sequence[StepRecord],
        outcome: str,
    ) -> None:
        """Keep a run.

        :param outcome: `LIVE`, or the headline of what ended it before its page.
        """
        seconds = {each.step: each.seconds for each in steps if each.state in _OVER and each.seconds is not None}
        run = Run(project_id, provider, origin, started_at, seconds, outcome)
        if outcome == LIVE:
            self._good[project_id] = [run, *self._good.get(project_id, [])][:KEPT_RUNS]
        await self._write(run)

    def estimates(self, project_id: str, origin: Origin | None = None) -> Mapping[Step, float]:
        """Give what each step takes as a rule, in seconds: the median of the last good runs that were as warm.

        :param origin: where the sandbox comes from; None while that is not known: as at the last good run.
        """
        good = self._good.get(project_id, [])
        runs = [run for run in good if run.origin is (origin or good[0].origin)][:RUNS_ASKED]
        times = {step: [run.seconds[step] for run in runs if step in run.seconds] for step in Step}
        return {step: statistics.median(found) for step, found in times.items() if found}

    @by_clerk
    def history(self, project_id: str, limit: int = KEPT_RUNS) -> tuple[Run, ...]:
        """Give the runs of a project, newest first."""
        return self._select("project_id = ?", (project_id,))[:limit]

    async def forget(self, project_id: str) -> None:
        """Forget the runs of a project that is no more on the list."""
        self._good.pop(project_id, None)
        await self._delete(project_id)

    @by_clerk
    def _write(self, run: Run) -> None:
        seconds = {step.value: took for step, took in run.seconds.items()}
        self._database.change(
            f"INSERT INTO {TABLE} (project_id, provider, origin, started_at, steps, outcome) VALUES (?, ?, ?, ?, ?, ?)",
            (
                run.project_id,
                run.provider.value,
                run.origin.value,
                run.started_at,
                json.dumps(seconds),
                run.outcome,
            ),
        )
        self._database.change(
            f"DELETE FROM {TABLE} WHERE project_id = ? AND id NOT IN "
            f"(SELECT id FROM {TABLE} WHERE project_id = ? ORDER BY started_at DESC, id DESC LIMIT {KEPT_RUNS})",
            (run.project_id, run.project_id),
        )

    @by_clerk
    def _delete(self, project_id: str) -> None:
        self._database.change(f"DELETE FROM {TABLE} WHERE project_id = ?", (project_id,))

    def _select(self, condition: str, values: tuple[object, ...]) -> tuple[Run, ...]:
        found = self._database.read(
            f"SELECT project_id, provider, origin, started_at, steps, outcome FROM {TABLE} "
            f"WHERE {condition} ORDER BY started_at DESC, id DESC",
            values,
        )
        return tuple(_run(*columns) for columns in found)


def _run(project_id: str, provider: str, origin: str, started_at: float, steps: str, outcome: str) -> Run:
    seconds = {Step(name): float(took) for name, took in json.loads(steps).items() if name in _STEP_NAMES}
    return Run(project_id, Provider(provider), Origin(origin), started_at, seconds, outcome)
