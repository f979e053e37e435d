"""What can be seen of a project that runs: its logs and what they mean, what it uses, how long nobody has used it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from craft_desktop.model.env_files import EnvFiles
from craft_desktop.model.events import CompileChanged, Event, LogLine, Measured, Pushed
from craft_desktop.model.levels import Level
from craft_desktop.model.operations import Idleness
from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.saved import Frame
from craft_desktop.preview.gateway import Gateway
from craft_desktop.tasks import Owner
from craft_desktop.workbench.env_files import read_env_files
from craft_desktop.workbench.locate import Locator
from craft_desktop.workbench.logbook import Logbook
from craft_desktop.workbench.meter import Meter
from craft_desktop.workbench.page_log import PageLog
from craft_desktop.workbench.runner import Runner
from craft_desktop.workbench.saves import Saves
from craft_desktop.workbench.tracer import PageTracer
from craft_desktop.workbench.trails import Trails


class Insight:
    """Looks, and changes nothing of a run.

    :param runners: every project's runner by its id, as they are at any time.
    :param projects: asks for the list.
    :param announce: told each event.
    :param strike: takes secrets out of a text.
    :param owner: of what is looked up for a page's messages.
    """

    def __init__(
        self,
        runners: Mapping[str, Runner],
        projects: Callable[[], tuple[Project, ...]],
        announce: Callable[[Event], None],
        strike: Callable[[str], str],
        gateway: Gateway,
        owner: Owner,
    ) -> None:
        self._runners = runners
        self._projects = projects
        self.meter = Meter(self._measure, announce)
        self.logbook = Logbook(strike)
        self._tracer = PageTracer(gateway, owner, self.locate)
        self._trails = Trails(announce, self._project, self._tracer, owner)
        self._page_log = PageLog(self._trails.take)
        self._saves = Saves(announce)
        self._locators: dict[str, Locator] = {}

    def log(self, project_id: str) -> tuple[LogLine, ...]:
        """Give the lines kept of a project."""
        return self.logbook.lines(project_id)

    def note_console(self, project_id: str, level: Level, text: str, source: str) -> None:
        """A project's page said something to its console; `source` is `URL:line` or empty.

        It is told once the place in the project's files is known that it comes from, 2 s later at most.
        """
        self._page_log.console(project_id, level, text, source)

    def note_failed(self, slug: str, method: str, path: str, status: int) -> None:
        """A request for something of the project with this name in its address was answered with a failure."""
        project = self._at(slug)
        if project is not None:
            self._page_log.failed(project.id, method, path, status)

    def note_event(self, event: Event) -> None:
        """Something happened to a project."""
        if isinstance(event, Pushed):
            self._saves.pushed(event)
            self._tracer.forget(event.project_id)

    def note_hot_reload(self, slug: str, at: float) -> None:
        """The dev server of the project with this name in its address told its pages something of a change."""
        project = self._at(slug)
        if project is not None:
            self._saves.heard(project.id, at)

    def note_painted(self, project_id: str, frames: Sequence[Frame]) -> None:
        """A project's page changed on the screen lately; a save that showed so is told by `SaveSeen`."""
        self._saves.painted(project_id, frames)

    def look(self, project_id: str) -> None:
        """Somebody looks at a project's figures: it is measured for the next seconds, told by `Measured`."""
        self.meter.look(project_id)

    def idleness(self, project_id: str) -> Idleness:
        """Say how long nobody has used a project, and what becomes of it when.

        :raises KeyError: it is not on the list.
        """
        return self._runners[project_id].idleness

    def compiling(self, project_id: str) -> CompileChanged:
        """Say whether a project compiles, as far as its dev server told."""
        return self.logbook.compiling(project_id)

    def locate(self, project_id: str, place: Place) -> Path | None:
        """Give the file of the project that a line of its log names, if there is one. Looks at the disk."""
        locator = self._locators.get(project_id)
        if locator is None:
            project = self._project(project_id)
            if project is None:
                return None
            locator = self._locators[project_id] = Locator(project.path)
        return locator.locate(place)

    async def env_files(self, project_id: str) -> EnvFiles:
        """Say which names a project's own `.env` files set."""
        project = self._project(project_id)
        return EnvFiles() if project is None else await asyncio.to_thread(read_env_files, project.path)

    def forget(self, project_id: str) -> None:
        """Keep nothing of a project."""
        self.logbook.forget(project_id)
        self._page_log.forget(project_id)
        self._trails.forget(project_id)
        self._tracer.forget(project_id)
        self._saves.forget(project_id)
        self._locators.pop(project_id, None)

    def _project(self, project_id: str) -> Project | None:
        return next((project for project in self._projects() if project.id == project_id), None)

    def _at(self, slug: str) -> Project | None:
        return next((project for project in self._projects() if project.slug == slug), None)

    async def _measure(self, project_id: str) -> Measured | None:
        runner = self._runners.get(project_id)
        return await runner.measure() if runner is not None else None
