"""The only holder of the workbench: turns intentions into calls, and what comes of them into signals.

Each call is a task of one owner. What goes wrong in it becomes a `Notice`, never an exception in a slot.
"""

import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from craft_desktop.model.errors import Action, ChoiceError, CraftError, Problem, struck, unexpected
from craft_desktop.model.events import (
    CompileChanged,
    Event,
    LogLine,
    Measured,
    Notice,
    PageStale,
    ProjectsChanged,
    Pushed,
    SaveSeen,
    SessionChanged,
    SettingsChanged,
    Stream,
    SyncChanged,
)
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Session
from craft_desktop.model.settings import Settings
from craft_desktop.tasks import Owner
from craft_desktop.ui import ansi
from craft_desktop.ui.control_bridge import ControlBridge, Reachable
from craft_desktop.ui.doctor_bridge import DoctorBridge, Examiner
from craft_desktop.ui.environment_bridge import EnvironmentBench, EnvironmentBridge, Files
from craft_desktop.ui.insight_bridge import InsightBridge, Sight
from craft_desktop.ui.settings_bridge import SettingsBench, SettingsBridge
from craft_desktop.ui.upkeep import Keeper, Upkeep

MOST_TOLD = 10
"""Refused folders named in one message: as many lines as leave a page in sight."""

_log = logging.getLogger(__name__)


class Seen(Sight, Files, Protocol):
    """The workbench's insight, for every bridge that asks it."""


class Acts(Protocol):
    """The workbench's lifetime."""

    @property
    def asks(self) -> bool:
        """Is a person to be asked, before the end, whether what runs at E2B stays?"""

    async def start_again(self) -> None:
        """Start what ran when the program last ended, where the settings say so."""

    def keep_at_quit(self, keep: bool) -> None:
        """Answer whether it stays."""


class Bench(Keeper, Reachable, EnvironmentBench, SettingsBench, Protocol):
    """The workbench, as far as a window needs it."""

    @property
    def projects(self) -> tuple[Project, ...]:
        """The list, last used first."""

    @property
    def lifetime(self) -> Acts:
        """Its first and last act."""

    @property
    def insight(self) -> Seen:
        """What can be seen of a run."""

    @property
    def doctor(self) -> Examiner:
        """Who examines a preview."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have events told; answers the way to unsubscribe."""

    def session(self, project_id: str) -> Session:
        """Give a project's run."""

    def log(self, project_id: str) -> tuple[LogLine, ...]:
        """Give what is kept of a project's logs."""

    def address(self, project_id: str) -> str:
        """Give a project's address."""

    async def add(self, path: Path) -> Project:
        """Put a folder on the list."""

    async def add_sample(self) -> Project:
        """Copy the sample project and put it on the list."""

    async def remove(self, project_id: str) -> None:
        """Stop a project and forget it."""

    async def open(self, project_id: str) -> object:
        """Start a project, or join its start."""

    async def close(self, project_id: str) -> None:
        """Stop a project."""

    async def restart(self, project_id: str) -> None:
        """Restart a project's dev server."""

    def touch(self, project_id: str) -> None:
        """Somebody looks at a project's page."""

    def send_emptiness(self, project_id: str) -> None:
        """Empty a sandbox as its folder was emptied."""

    async def allow_unisolated(self, project_id: str) -> None:
        """Remember that a project may run unisolated."""

    async def choose_provider(self, project_id: str, provider: Provider | None) -> None:
        """Choose where a project runs; None: as the settings say."""


class Bridge(QObject):
    """Between the window and the workbench. Lives on the loop's thread."""

    projects_changed = Signal(tuple)
    session_changed = Signal(object)
    logged = Signal(object)
    synced = Signal(object)
    """A `Pushed` or a `SyncChanged`."""
    noticed = Signal(object)
    """A `Notice`: something went wrong."""
    added = Signal(str)
    """A project a person has just added, by its id."""
    adding_changed = Signal(bool)
    choice_asked = Signal(object)
    """A `ChoiceError`: the folder holds several projects."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._owner = Owner("window", on_crash=self._crashed)
        self._adding = 0
        self.control = ControlBridge(bench, self._run)
        self.options = SettingsBridge(bench, self._run)
        self.upkeep = Upkeep(bench, self._run)
        self.insight = InsightBridge(bench.insight, lambda: bench.settings)
        self.environment = EnvironmentBridge(bench, bench.insight)
        self.doctor = DoctorBridge(bench.doctor, self._run)
        self._unsubscribe: Callable[[], None] | None = bench.subscribe(self._hear)

    async def aclose(self) -> None:
        """Hear nothing more; end what is under way. May be called twice."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self.control.close()
        await self.environment.aclose()
        await self.options.aclose()
        await self._owner.aclose()

    # What the window shows ------------------------------------------------------------------------------------

    @property
    def projects(self) -> tuple[Project, ...]:
        """The list, last used first."""
        return self._bench.projects

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._bench.settings

    def session(self, project_id: str) -> Session:
        """Give a project's run."""
        return self._bench.session(project_id)

    def log(self, project_id: str) -> tuple[LogLine, ...]:
        """Give what is kept of a project's logs."""
        return self._bench.log(project_id)

    def address(self, project_id: str) -> str:
        """Give a project's address."""
        return self._bench.address(project_id)

    # What a person wants --------------------------------------------------------------------------------------

    def start(self, project_id: str) -> None:
        """Start a project."""
        self._run(self._bench.open(project_id), "start", project_id)

    def stop(self, project_id: str) -> None:
        """Stop a project."""
        self._run(self._bench.close(project_id), "stop", project_id)

    def restart(self, project_id: str) -> None:
        """Restart a project."""
        self._run(self._bench.restart(project_id), "restart", project_id)

    def touch(self, project_id: str) -> None:
        """Keep a project from going to rest, and wake it: somebody is at its page."""
        self._bench.touch(project_id)

    def send_emptiness(self, project_id: str) -> None:
        """Empty the sandbox as the folder was emptied."""
        self._bench.send_emptiness(project_id)

    def allow_unisolated(self, project_id: str) -> None:
        """Remember the consent, and start."""

        async def allow() -> None:
            await self._bench.allow_unisolated(project_id)
            await self._bench.open(project_id)

        self._run(allow(), "allow unisolated", project_id)

    def choose_provider(self, project_id: str, provider: Provider | None) -> None:
        """Choose where a project runs."""
        self._run(self._bench.choose_provider(project_id, provider), "choose provider", project_id)

    def remove(self, project_id: str) -> None:
        """Take a project off the list."""
        self._run(self._bench.remove(project_id), "remove", project_id)

    def add(self, paths: list[Path]) -> None:
        """Put folders on the list; the last one that fits is told by `added`."""
        self._run(self._add(paths), "add", None)

    def add_sample(self) -> None:
        """Put the sample project on the list."""
        self._run(self._add_sample(), "add sample", None)

    def save_log(self, project_id: str, stream: Stream, path: Path) -> None:
        """Write all that is kept of a log to a file, without colours."""
        lines = [ansi.strip(line.text) for line in self._bench.log(project_id) if line.stream is stream]
        try:
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            told = Problem("The log was not saved", f"{path}: {error.strerror}", "Choose another place and save again.")
            self.noticed.emit(Notice(project_id, told))

    def start_again(self) -> None:
        """Start what ran when the program last ended, where the settings say so."""
        self._run(self._bench.lifetime.start_again(), "start again", None)

    @property
    def asks_at_quit(self) -> bool:
        """Is a person to be asked, before the end, whether what runs at E2B stays?"""
        return self._bench.lifetime.asks

    def keep_at_quit(self, keep: bool) -> None:
        """Answer that."""
        self._bench.lifetime.keep_at_quit(keep)

    # How it is done -------------------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, object], name: str, project_id: str | None) -> None:
        self._owner.start(self._guarded(work, project_id), name=name)

    async def _guarded(self, work: Coroutine[Any, Any, object], project_id: str | None) -> None:
        try:
            await work
        except CraftError as error:
            self._notice(project_id, error.problem)

    def _crashed(self, name: str, error: BaseException) -> None:
        _log.error("task %s crashed", name, exc_info=error)
        self._notice(None, _without_action(unexpected(error)))

    def _notice(self, project_id: str | None, problem: Problem) -> None:
        self.noticed.emit(Notice(project_id, struck(problem, self._bench.strike)))

    def _hear(self, event: Event) -> None:
        match event:
            case LogLine():
                self.logged.emit(event)
            case SessionChanged(session=session):
                self.session_changed.emit(session)
            case ProjectsChanged(projects=projects):
                self.projects_changed.emit(projects)
            case Pushed() | SyncChanged():
                self.synced.emit(event)
            case Notice():
                self.noticed.emit(event)
            case SettingsChanged():
                self.options.hear(event)
            case Measured() | SaveSeen() | CompileChanged() | PageStale():
                self.insight.hear(event)

    async def _add(self, paths: list[Path]) -> None:
        self._count_adding(1)
        added: Project | None = None
        refused: list[tuple[Path, Problem]] = []
        try:
            for path in paths:
                try:
                    added = await self._bench.add(path)
                except ChoiceError as error:
                    self.choice_asked.emit(error)
                except CraftError as error:
                    refused.append((path, error.problem))
        finally:
            self._count_adding(-1)
        if refused:
            self._notice(None, _in_one(refused, are_others=len(refused) < len(paths)))
        if added is not None:
            self.added.emit(added.id)

    async def _add_sample(self) -> None:
        self._count_adding(1)
        try:
            project = await self._bench.add_sample()
        finally:
            self._count_adding(-1)
        self.added.emit(project.id)

    def _count_adding(self, by: int) -> None:
        self._adding += by
        self.adding_changed.emit(self._adding > 0)


def _in_one(refused: Sequence[tuple[Path, Problem]], *, are_others: bool) -> Problem:
    """Give one message for all folders that were refused: of several messages the last alone would be seen."""
    if len(refused) == 1:
        return refused[0][1]
    told = [f"{path}: {problem.title}. {problem.remedy}" for path, problem in refused[:MOST_TOLD]]
    if len(refused) > MOST_TOLD:
        told.append(f"And {len(refused) - MOST_TOLD} more.")
    title = f"{len(refused)} folders were not added"
    remedy = "The others are on the list." if are_others else "Choose folders that hold a package.json."
    return Problem(title, "\n".join(told), remedy, Action.NONE)


def _without_action(problem: Problem) -> Problem:
    """Give a problem of the program as a whole: there is no project for its button to act on."""
    return Problem(problem.title, problem.detail, "The log file has the whole story if it comes back.", Action.NONE)
