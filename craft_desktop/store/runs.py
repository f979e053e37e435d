"""The history of runs with the times of their steps: what a step usually takes, and whether it is slower now."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Step, StepRecord, StepState
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

    Every method raises SandboxError where the file cannot be written (a full disk).
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder, TABLE, COLUMNS)

    def add(
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
        seconds = {record.step.value: record.seconds for record in steps if record.state in _OVER}
        self._database.change(
            f"INSERT INTO {TABLE} (project_id, provider, origin, started_at, steps, outcome) VALUES (?, ?, ?, ?, ?, ?)",
            (project_id, provider.value, origin.value, started_at, json.dumps(seconds), outcome),
        )
        self._database.change(
            f"DELETE FROM {TABLE} WHERE project_id = ? AND id NOT IN "
            f"(SELECT id FROM {TABLE} WHERE project_id = ? ORDER BY started_at DESC, id DESC LIMIT {KEPT_RUNS})",
            (project_id, project_id),
        )

    def history(self, project_id: str, limit: int = KEPT_RUNS) -> tuple[Run, ...]:
        """Give the runs of a project, newest first."""
        return self._select("project_id = ?", (project_id,), limit)

    def estimates(self, project_id: str, origin: Origin | None = None) -> Mapping[Step, float]:
        """Give what each step takes as a rule, in seconds: the median of the last good runs that were as warm.

        :param origin: where the sandbox comes from; None while that is not known: as at the last good run.
        """
        if origin is None:
            last = self._select("project_id = ? AND outcome = ?", (project_id, LIVE), 1)
            if not last:
                return {}
            origin = last[0].origin
        runs = self._select(
            "project_id = ? AND outcome = ? AND origin = ?", (project_id, LIVE, origin.value), RUNS_ASKED
        )
        times = {step: [run.seconds[step] for run in runs if step in run.seconds] for step in Step}
        return {step: statistics.median(found) for step, found in times.items() if found}

    def forget(self, project_id: str) -> None:
        """Forget the runs of a project that is no more on the list."""
        self._database.change(f"DELETE FROM {TABLE} WHERE project_id = ?", (project_id,))

    def _select(self, condition: str, values: tuple[object, ...], limit: int) -> tuple[Run, ...]:
        found = self._database.read(
            f"SELECT project_id, provider, origin, started_at, steps, outcome FROM {TABLE} "
            f"WHERE {condition} ORDER BY started_at DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return tuple(_run(*columns) for columns in found)


def _run(project_id: str, provider: str, origin: str, started_at: float, steps: str, outcome: str) -> Run:
    seconds = {Step(name): float(took) for name, took in json.loads(steps).items() if name in _STEP_NAMES}
    return Run(project_id, Provider(provider), Origin(origin), started_at, seconds, outcome)
