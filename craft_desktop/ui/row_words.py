"""What the list says of a project: its name, framework, state, progress and problem. No Qt.

As in `present.py`, `tr` is the translator.
"""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.project import Project
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Session, StepState
from craft_desktop.ui import present
from craft_desktop.ui.present import HAS_PROBLEM, State, Tr

MARKS: Mapping[Framework, str] = {
    Framework.NEXT: "N",
    Framework.VITE: "V",
    Framework.ASTRO: "A",
    Framework.NUXT: "Nu",
    Framework.REMIX: "R",
    Framework.OTHER: "JS",
}
"""A framework in one or two letters: as many as a mark of the list has room for."""


@dataclass(frozen=True, slots=True)
class Row:
    """A project as the list shows it. `spoken` is for a screen reader.

    `where` tells it from another project of its name; `mark` is its framework's; `share` of the usual time of the step
    that runs is over, None if unknown.
    """

    name: str
    state: State
    line: str
    problem: str
    spoken: str
    where: str = ""
    mark: str = ""
    share: float | None = None


def problem_of(session: Session) -> str:
    """Tell the problem that a project's row shows as its third line; empty if there is none."""
    return session.problem.title if session.phase in HAS_PROBLEM and session.problem else ""


def row(project: Project, session: Session, now: float, tr: Tr, where: str = "") -> Row:
    """Tell a project's row: name, state with its time, and the problem if there is one."""
    shown = present.state(session, tr)
    time = present.time_in_state(session, now, tr)
    line = f"{shown.words} · {time}" if time else shown.words
    problem = problem_of(session)
    framework = "" if project.framework is None else project.framework.value
    told = (project.name, where, framework, shown.words, time, problem)
    spoken = ", ".join(part for part in told if part)
    mark = "" if project.framework is None else MARKS[project.framework]
    running = (present.step(record, now, tr) for record in session.steps if record.state is StepState.RUNNING)
    share = next((step.share for step in running), None)
    return Row(project.name, shown, line, problem, spoken, where, mark, share)


def apart(projects: Sequence[Project]) -> dict[str, str]:
    """Tell projects of one name apart by their folders: the parts from the end that differ, by their ids."""
    names = Counter(project.name for project in projects)
    told: dict[str, str] = {}
    for name in (name for name, count in names.items() if count > 1):
        alike = [project for project in projects if project.name == name]
        deepest = max(len(project.path.parts) for project in alike)
        for depth in range(1, deepest + 1):
            ends = {project.id: project.path.parts[-depth:] for project in alike}
            if len(set(ends.values())) == len(ends):
                break
        ending = _common_end(list(ends.values()))
        told |= {key: str(Path(*parts[: len(parts) - ending])) for key, parts in ends.items()}
    return told


def _common_end(paths: Sequence[tuple[str, ...]]) -> int:
    """Count the last parts that all have, and none is made of alone."""
    shortest = min(map(len, paths))
    alike = (len({parts[-depth:] for parts in paths}) == 1 for depth in range(1, shortest))
    return sum(itertools.takewhile(bool, alike))
