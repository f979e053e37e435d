"""An in-memory stand-in for the workbench: what `bridge.Bench` asks for, and no more."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from craft_desktop.logs import Redactor
from craft_desktop.model.checkup import PageSeen
from craft_desktop.model.env_files import EnvFiles
from craft_desktop.model.environment import changed
from craft_desktop.model.errors import Action, ChoiceError, Problem, ProjectError
from craft_desktop.model.events import (
    CompileChanged,
    Event,
    LogLine,
    ProjectsChanged,
    SaveSeen,
    SessionChanged,
    SettingsChanged,
)
from craft_desktop.model.levels import Level
from craft_desktop.model.operations import Idleness
from craft_desktop.model.places import Place
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.report import Check, Diagnosis, Grade, Listener, Process
from craft_desktop.model.saved import Frame, Saved
from craft_desktop.model.session import (
    Ended,
    Fact,
    Failed,
    Installed,
    PageServed,
    SandboxReady,
    ServerStarted,
    Session,
    StartAsked,
    StopAsked,
    Uploaded,
    advance,
)
from craft_desktop.model.settings import Settings, WhenIdle, check
from craft_desktop.store.secrets import KeySource, KeyState
from craft_desktop.workbench.doctor import ALL_CHECKS
from craft_desktop.workbench.door import Access

NOW = 1_795_000_000.0

INSTALL_FAILED = Problem(
    "The dependencies could not be installed",
    "npm install ended with exit code 1.\n"
    "npm error code E404\n"
    "npm error 404 Not Found - GET @acme/desing-tokens - Not found\n"
    "npm error 404  '@acme/desing-tokens@^2.1.0' is not in this registry.",
    "Correct the name in package.json and start again. The Install log has every line.",
    Action.START,
)

_FOUND = {
    "modules": Check(
        "Modules that are imported",
        Grade.BAD,
        "A module that is imported cannot be found.\n"
        "⨯ ./app/page.tsx:3:1 Module not found: Can't resolve '@acme/design-tokens'",
        "Add a package to package.json, or install again. Check the spelling of a file’s name, capitals too.",
        "modules",
        Action.REINSTALL,
        Place("app/page.tsx", 3, 1),
    ),
    "variables": Check(
        "Environment variables",
        Grade.LIMITED,
        "The code reads STRIPE_SECRET_KEY and DATABASE_URL, and nothing sets them. "
        "The example file names DATABASE_URL.",
        "Set them under Environment variables, or in a .env file of the project.",
        "variables",
        Action.OPEN_ENVIRONMENT,
        Place("lib/stripe.ts", 4, 20),
    ),
    "hydration": Check("Hydration", Grade.UNKNOWN, "No window looks at the page.", id="hydration"),
}
DIAGNOSIS = Diagnosis(
    tuple(_FOUND.get(key) or Check(name, Grade.OK, "Nothing of it in the log.", id=key) for key, name in ALL_CHECKS),
    (Listener("127.0.0.1", 3000, 42, "next-server (v16.4.6)"),),
    (
        Process(29, 62_107_648, "S", "npm run dev -- -p 3000 -H 127.0.0.1"),
        Process(42, 447_104_000, "S", "next-server (v16.4.6)"),
    ),
    (
        "✓ Ready in 682ms",
        "○ Compiling / ...",
        "⨯ ./app/page.tsx:3:1",
        "Module not found: Can't resolve '@acme/design-tokens'",
    ),
    0.21,
)
CLEAN = Diagnosis(
    tuple(Check(name, Grade.OK, "Nothing of it in the log.", id=key) for key, name in ALL_CHECKS), seconds=0.1
)

RUN: tuple[tuple[Fact, float], ...] = (
    (StartAsked(Provider.LOCAL), 0.0),
    (SandboxReady("i1a2b3c4d5"), 0.2),
    (Uploaded(214, 1_843_200), 0.34),
    (Installed(), 14.6),
    (ServerStarted(4212, 3000), 15.4),
    (PageServed("http://shop-front.localhost:4100/"), 19.1),
)


SEEN = SaveSeen("p1", Saved(NOW + 50, 3.2, 38.4, 259.0, 111.4), Saved(NOW + 20, 2.0, 36.0, 240.0, 102.0))
"""A save that took 412 ms to the screen."""


def make_project(number: int, name: str, **changes: object) -> Project:
    project = Project(f"p{number}", name, name, Path("/home/ada/projects") / name, NOW - 9000, NOW - number)
    return replace(project, **changes)  # type: ignore[arg-type]


def run_to(project_id: str, facts: int, begun_at: float = NOW) -> Session:
    """Give a session after the first `facts` facts of an ordinary run."""
    session = Session(project_id)
    for fact, seconds in RUN[:facts]:
        session = advance(session, fact, begun_at + seconds)
    return session


def live(project_id: str = "p1", begun_at: float = NOW) -> Session:
    return run_to(project_id, 6, begun_at)


def idled(project_id: str = "p1", at: float = NOW) -> Session:
    return advance(advance(live(project_id, at - 1000), StopAsked(900.0), at), Ended(), at)


def failed(project_id: str = "p1", begun_at: float = NOW, problem: Problem = INSTALL_FAILED) -> Session:
    return advance(run_to(project_id, 3, begun_at), Failed(problem), begun_at + 9.4)


class Insights:
    """Stands for the workbench's insight."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Level, str, str]] = []
        self.looked: set[str] = set()
        self.painted: list[tuple[str, tuple[Frame, ...]]] = []
        self.idle = Idleness(40.0, 860.0, WhenIdle.SLEEP)
        self.broken: dict[str, CompileChanged] = {}
        self.files: dict[str, Path] = {}
        self.set_by_files = EnvFiles()

    def note_console(self, project_id: str, level: Level, text: str, source: str) -> None:
        self.said.append((project_id, level, text, source))

    def note_painted(self, project_id: str, frames: Sequence[Frame]) -> None:
        self.painted.append((project_id, tuple(frames)))

    def look(self, project_id: str) -> None:
        self.looked.add(project_id)

    def idleness(self, project_id: str) -> Idleness:
        return self.idle

    def compiling(self, project_id: str) -> CompileChanged:
        return self.broken.get(project_id, CompileChanged(project_id))

    def locate(self, project_id: str, place: Place) -> Path | None:
        return self.files.get(place.path)

    async def env_files(self, project_id: str) -> EnvFiles:
        return self.set_by_files


class Doorway:
    """Stands for who serves the control API."""

    def __init__(self) -> None:
        self.access: Access | None = Access("http://127.0.0.1:41207", "secret-token-0001")
        self.problem: Problem | None = None
        self.listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    async def renew(self) -> None:
        self.show(Access("http://127.0.0.1:41208", "secret-token-0002"))

    def show(self, access: Access | None, problem: Problem | None = None) -> None:
        self.access, self.problem = access, problem
        for listener in tuple(self.listeners):
            listener()


class Span:
    """Stands for the workbench's first and last act."""

    def __init__(self) -> None:
        self.asks = False
        self.answers: list[bool] = []
        self.starts = 0

    async def start_again(self) -> None:
        self.starts += 1

    def keep_at_quit(self, keep: bool) -> None:
        self.answers.append(keep)
        self.asks = False


class Doctors:
    """Stands for the workbench's doctor: tells every check at once, and waits for `let_go` where it is told to."""

    def __init__(self) -> None:
        self.diagnosis = DIAGNOSIS
        self.asked: list[tuple[str, PageSeen | None]] = []
        self.let_go: asyncio.Event | None = None
        self.told_before = len(ALL_CHECKS)

    async def examine(
        self, project_id: str, page: PageSeen | None = None, tell: Callable[[Check], None] = lambda _: None
    ) -> Diagnosis:
        self.asked.append((project_id, page))
        for made in self.diagnosis.checks[: self.told_before]:
            tell(made)
        if self.let_go is not None:
            await self.let_go.wait()
        return self.diagnosis


class StandIn:
    """Does at once what the workbench takes its time for, and remembers what it was asked."""

    def __init__(self, projects: tuple[Project, ...] = (), address: str = "http://{slug}.localhost:4100/") -> None:
        self.touched: set[str] = set()
        self.redactor = Redactor()
        self.insight = Insights()
        self.door: Doorway | None = Doorway()
        self.lifetime = Span()
        self.doctor = Doctors()
        self.projects = projects
        self.settings = Settings()
        self.sessions: dict[str, Session] = {}
        self.logs: dict[str, list[LogLine]] = {}
        self.asked: list[tuple[object, ...]] = []
        self.refusal: Exception | None = None
        self.key = KeyState(KeySource.NONE)
        self.variables: dict[str, dict[str, str]] = {}
        self.keyring = KeySource.KEYRING
        self.keyring_failure: Exception | None = None
        self.let_go: asyncio.Event | None = None
        """Where there is one, the key's service and the keyring answer once it is set."""
        self._address = address
        self._listeners: list[Callable[[Event], None]] = []

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, event: Event) -> None:
        if isinstance(event, SessionChanged):
            self.sessions[event.session.project_id] = event.session
        if isinstance(event, LogLine):
            self.logs.setdefault(event.project_id, []).append(event)
        for listener in tuple(self._listeners):
            listener(event)

    def list_changed(self, projects: tuple[Project, ...]) -> None:
        self.projects = projects
        self.tell(ProjectsChanged(projects))

    def session(self, project_id: str) -> Session:
        if all(project.id != project_id for project in self.projects):
            raise KeyError(project_id)
        return self.sessions.get(project_id, Session(project_id))

    def log(self, project_id: str) -> tuple[LogLine, ...]:
        return tuple(self.logs.get(project_id, ()))

    def address(self, project_id: str) -> str:
        slug = next(project.slug for project in self.projects if project.id == project_id)
        return self._address.format(slug=slug)

    async def add(self, path: Path) -> Project:
        self._note("add", path)
        if path.name.startswith("bad"):
            raise ProjectError("There is no package.json here", str(path), "Choose the folder of a web project.")
        if path.name.startswith("mono"):
            choices = (("web", path / "apps" / "web"),)
            raise ChoiceError("The folder holds several projects", "web", "Choose one.", choices=choices)
        there = next((project for project in self.projects if project.path == path), None)
        if there is not None:
            return there
        project = replace(make_project(len(self.projects) + 1, path.name), path=path)
        self.list_changed((project, *self.projects))
        return project

    async def add_sample(self) -> Project:
        return await self.add(Path("/home/ada/Documents/craft-sample"))

    async def remove(self, project_id: str) -> None:
        self._note("remove", project_id)
        self.list_changed(tuple(project for project in self.projects if project.id != project_id))

    async def open(self, project_id: str) -> None:
        self._note("open", project_id)
        self.tell(SessionChanged(advance(self.session(project_id), StartAsked(Provider.LOCAL), NOW)))

    async def close(self, project_id: str) -> None:
        self._note("close", project_id)
        stopping = advance(self.session(project_id), StopAsked(), NOW)
        self.tell(SessionChanged(stopping))
        self.tell(SessionChanged(advance(stopping, Ended(), NOW)))

    async def restart(self, project_id: str) -> None:
        self._note("restart", project_id)

    async def restart_clean(self, project_id: str) -> None:
        self._note("restart clean", project_id)

    async def reinstall(self, project_id: str) -> None:
        self._note("reinstall", project_id)

    async def keep_awake(self, project_id: str, on: bool) -> None:
        self._note("keep awake", project_id, on)
        self._change(project_id, keep_awake=on)

    async def share(self, project_id: str, on: bool) -> None:
        self._note("share", project_id, on)
        self._change(project_id, is_shared=on)

    @property
    def sharing(self) -> Self:
        return self

    async def choose_port(self, project_id: str, port: int | None) -> None:
        self._note("port", project_id, port)
        self._change(project_id, port=port)

    def strike(self, text: str) -> str:
        return self.redactor.strike(text)

    def touch(self, project_id: str) -> None:
        self.touched.add(project_id)  # not noted: it depends on where the pointer is

    def send_emptiness(self, project_id: str) -> None:
        self._note("empty", project_id)

    async def allow_unisolated(self, project_id: str) -> None:
        self._note("allow", project_id)

    async def choose_provider(self, project_id: str, provider: Provider | None) -> None:
        self._note("provider", project_id, provider)

    async def change_setting(self, key: str, value: object) -> None:
        self._note("setting", key, value)
        self.settings = replace(self.settings, **{key: check(key, value)})  # type: ignore[arg-type]
        self.tell(SettingsChanged(self.settings))

    async def key_state(self) -> KeyState:
        return self.key

    async def save_key(self, key: str) -> KeyState:
        self.redactor.hide(key)
        self._note("save key", key)
        self.key = KeyState(KeySource.MEMORY, f"•••• {key[-4:]}")
        return self.key

    async def forget_key(self) -> KeyState:
        self.key = KeyState(KeySource.NONE)
        return self.key

    async def test_key(self) -> str:
        self._note("test key")
        await self._wait()
        return "e2b.app accepts the key •••• 7f3a. Its account runs no preview of this program."

    def _change(self, project_id: str, **changes: object) -> None:
        changed = (replace(each, **changes) if each.id == project_id else each for each in self.projects)  # type: ignore[arg-type]
        self.list_changed(tuple(changed))

    def environment(self, project_id: str) -> tuple[str, ...]:
        return tuple(self.variables.get(project_id, ()))

    async def environment_place(self, project_id: str) -> KeySource:
        self._ask_keyring()
        return self.keyring

    async def reveal_environment(self, project_id: str) -> Mapping[str, str]:
        self._note("reveal")
        self._ask_keyring()
        return self.variables.get(project_id, {})

    async def set_environment(
        self, project_id: str, put: Mapping[str, str], drop: Collection[str] = ()
    ) -> tuple[KeySource, tuple[str, ...]]:
        self._note("set", project_id, dict(put), sorted(drop))
        await self._wait()
        after = changed(self.variables.get(project_id, {}), put, drop)
        self._ask_keyring()
        self.variables[project_id] = after
        return self.keyring if after else KeySource.NONE, tuple(after)

    async def _wait(self) -> None:
        if self.let_go is not None:
            await self.let_go.wait()

    def _ask_keyring(self) -> None:
        if self.keyring_failure is not None:
            raise self.keyring_failure

    def _note(self, *what: object) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal
