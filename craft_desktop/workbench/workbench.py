"""The whole application without a screen: projects, their runs, the settings and the key, as one service."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from craft_desktop.logs import Redactor
from craft_desktop.model.errors import ProjectError, SecretError
from craft_desktop.model.events import Event, LogLine, Notice, ProjectsChanged, SessionChanged, SettingsChanged
from craft_desktop.model.operations import Health, Opened, RunState, Status, Wipe
from craft_desktop.model.project import Project, Provider, check_port
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.settings import Settings, check
from craft_desktop.paths import Paths
from craft_desktop.preview.gateway import Gateway
from craft_desktop.sandbox.template import build, describe
from craft_desktop.store.autostart import Autostart
from craft_desktop.store.environment import EnvironmentStore
from craft_desktop.store.options import OptionStore
from craft_desktop.store.projects import ProjectStore
from craft_desktop.store.runs import RunStore
from craft_desktop.store.secrets import KeySource, KeyState, SecretStore
from craft_desktop.tasks import Owner
from craft_desktop.workbench.announcer import Announcer
from craft_desktop.workbench.boundary import read_apart
from craft_desktop.workbench.doctor import Doctor
from craft_desktop.workbench.door import Door
from craft_desktop.workbench.folder import choose_app, find_project
from craft_desktop.workbench.housekeeping import Housekeeping
from craft_desktop.workbench.insight import Insight
from craft_desktop.workbench.lifetime import Lifetime
from craft_desktop.workbench.listing import as_it_is, note_framework
from craft_desktop.workbench.memory import Memory
from craft_desktop.workbench.page_state import page_state
from craft_desktop.workbench.places import Places
from craft_desktop.workbench.reaper import Reaper
from craft_desktop.workbench.runner import Means, Runner
from craft_desktop.workbench.sample import copy_sample
from craft_desktop.workbench.sharing import Sharing
from craft_desktop.workbench.tenancy import Landlord

LONGEST_NAME = 80  # those longer than npm allows (214) are cut long before they fill a screen


class Workbench:
    """Everything the program does. Built by `assemble.open_workbench`, which also closes what it is given."""

    def __init__(
        self,
        paths: Paths,
        options: OptionStore,
        projects: ProjectStore,
        secrets: SecretStore,
        environments: EnvironmentStore,
        places: Places,
        landlord: Landlord,
        gateway: Gateway,
        runs: RunStore,
        housekeeping: Housekeeping,
        owner: Owner,
        redactor: Redactor,
        autostart: Autostart,
        memory: Memory,
    ) -> None:
        self._paths = paths
        self._options = options
        self._projects = projects
        self._secrets = secrets
        self._runs = runs
        self._housekeeping = housekeeping
        self._environments = environments
        self._places = places
        self._gateway = gateway
        self._redactor = redactor
        self._autostart = autostart
        self._announcer = Announcer()
        self._means = Means(
            lambda: self._options.settings,
            self._values,
            places,
            landlord,
            gateway,
            runs,
            owner,
            self._announce,
            redactor.strike,
            lambda path: read_apart(path, paths.own),
            lambda key, found: note_framework(self._projects, key, found, self._tell_projects),
        )
        self._runners: dict[str, Runner] = {}
        self.lifetime = Lifetime(memory, lambda: self._options.settings, self._runners)
        self.reaper = Reaper(lambda: self._runners.values())
        self.sharing = Sharing(projects, self._runners, lambda: self.settings, self._tell_projects)
        self.insight = Insight(self._runners, projects.all, self._announce, redactor.strike, gateway, owner)
        self.door: Door | None = None  # whoever serves the control API puts it there
        self.doctor = Doctor(self._runners, projects.get, self.environment, gateway, self.insight, redactor.strike)
        for project in self._projects.all():
            self._prepare(project)

    @property
    def projects(self) -> tuple[Project, ...]:
        """The projects, last used first."""
        return self._projects.all()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._options.settings

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Tell `listener` every event from now on, on the loop's thread; answer the way to stop that."""
        return self._announcer.subscribe(listener)

    def session(self, project_id: str) -> Session:
        """Give what is known of a project's run.

        :raises KeyError: it is not on the list.
        """
        return self._runners[project_id].session

    def log(self, project_id: str) -> tuple[LogLine, ...]:
        """Give the lines kept of a project."""
        return self.insight.log(project_id)

    def address(self, project_id: str) -> str:
        """Give a project's address; it answers at any time, with the page or with why there is none."""
        return self._gateway.url(self._projects.get(project_id).slug)

    async def add(self, path: Path) -> Project:
        """Put a folder (or the folder of a package.json) on the list; one that is there already is answered.

        :raises ChoiceError: it is a monorepo of several apps; one of them is to be added.
        :raises ProjectError: it cannot be run, or the list cannot be saved.
        """
        folder = await asyncio.to_thread(lambda: choose_app(find_project(path)))
        there = self._projects.at(folder)
        if there is not None:
            return there
        recipe = (await asyncio.to_thread(read_apart, folder, self._paths.own)).recipe
        name = (recipe.name or folder.name)[:LONGEST_NAME]
        project = self._projects.add(folder, name, time.time(), recipe.framework)
        self._tell_projects()
        return project

    async def add_sample(self) -> Project:
        """Copy the sample project to the person's documents and put it on the list; a copy there already serves.

        :raises ProjectError: it cannot be copied.
        """
        return await self.add(await copy_sample(self._paths.resources, self._paths.documents))

    async def remove(self, project_id: str) -> None:
        """Stop a project and take it off the list. Its files stay.

        :raises ProjectError: the list cannot be saved.
        """
        await self._runners[project_id].stop()
        slug = self._projects.get(project_id).slug
        self._projects.remove(project_id)
        del self._runners[project_id]
        self.insight.forget(project_id)
        self._gateway.forget(slug)
        self._means.owner.start(self._housekeeping.forget(project_id), name=f"forget {slug}")
        self._tell_projects()
        try:
            await self._environments.forget(project_id)
        except SecretError as error:  # it is off the list all the same; what stays is told
            self._announce(Notice(None, error.problem))

    async def open(self, project_id: str, provider: Provider | None = None) -> Opened:
        """Open a project: start it, or join its start; return when it is live or has failed.

        One that runs already gets what changed in its folder, and is woken if it sleeps.

        :param provider: where, this once; None for where the project or the settings say.
        """
        try:
            self._projects.update(project_id, used_at=time.time())
        except ProjectError as error:  # the order of the list is worth a word, not the start
            self._announce(Notice(project_id, error.problem))
        self._tell_projects()
        return await self._runners[project_id].start(provider)

    async def close(self, project_id: str) -> None:
        """Close a project: shown as stopped at once; return when its image is taken and nothing of it runs."""
        await self._runners[project_id].stop()
        await self._means.landlord.partings.ended(project_id)

    async def restart(self, project_id: str) -> None:
        """Start a project's dev server anew; return when it is live or has failed."""
        await self._runners[project_id].restart()

    async def restart_clean(self, project_id: str) -> None:
        """Delete in the sandbox what was built (`.next` and its like), and start the dev server anew.

        The person's folder stays as it is. A project that does not run is started. Return when live or failed.
        """
        await self._runners[project_id].restart(Wipe.BUILT)

    async def reinstall(self, project_id: str) -> None:
        """Delete the dependencies in the sandbox, install them and start the dev server anew.

        The person's folder stays as it is. A project that does not run is started, without what an earlier start
        installed. Return when live or failed.
        """
        await self._runners[project_id].restart(Wipe.INSTALLED)

    async def keep_awake(self, project_id: str, on: bool) -> None:
        """Choose whether a project goes to rest when nobody uses it; one that sleeps and is to be awake wakes.

        :raises ProjectError: the list cannot be saved.
        """
        self._projects.update(project_id, keep_awake=on)
        if on or self.session(project_id).phase is Phase.LIVE:
            self.touch(project_id)  # from now on its time counts anew
        self.reaper.look()
        self._tell_projects()

    def status(self, project_id: str) -> Status:
        """Say whether anything of a project runs.

        :raises KeyError: it is not on the list.
        """
        session = self.session(project_id)
        return Status(RunState.RUNNING if session.is_active else RunState.INACTIVE, session)

    async def health(self, project_id: str) -> Health:
        """Ask whether a project's page answers, and say what is known of its run."""
        return await self._runners[project_id].health()

    def rest(self, project_id: str) -> None:
        """Stop a live project or put it to sleep, as the settings say of one that nobody uses."""
        self._runners[project_id].rest()

    def send_emptiness(self, project_id: str) -> None:
        """Answer what a halted sync asks: the folder was emptied on purpose, and so the sandbox is to be."""
        self._runners[project_id].send_emptiness()

    def touch(self, project_id: str) -> None:
        """Somebody looks at a project's page: it does not go to rest, and wakes if it sleeps."""
        self._runners[project_id].touch()

    def touch_slug(self, slug: str) -> None:
        """Somebody asked for a page of the project with this name in its address."""
        for project in (each for each in self.projects if each.slug == slug):
            self.touch(project.id)

    async def allow_unisolated(self, project_id: str) -> None:
        """Remember that the person lets this project run without isolation.

        :raises ProjectError: the list cannot be saved.
        """
        self._projects.update(project_id, unisolated=True)
        self._tell_projects()

    async def choose_provider(self, project_id: str, provider: Provider | None) -> None:
        """Choose where a project runs at its next start; None for where the settings say.

        :raises ProjectError: the list cannot be saved.
        """
        self._projects.update(project_id, provider=provider)
        self._tell_projects()

    async def choose_port(self, project_id: str, port: int | None) -> None:
        """Say at which port of its sandbox a project's page is, from its next start on; None for finding out.

        :raises ProjectError: it is no port, or the list cannot be saved.
        """
        check_port(port)
        self._projects.update(project_id, port=port)
        self._tell_projects()

    async def change_setting(self, key: str, value: object) -> None:
        """Change one setting.

        :raises SettingError: it is refused; the old value stays.
        """
        if key == "open_at_login":
            await asyncio.to_thread(self._autostart.switch, check(key, value) is True)
        self._options.change(key, value)
        self.reaper.look()
        self._announce(SettingsChanged(self.settings))

    def environment(self, project_id: str) -> tuple[str, ...]:
        """Give the names of a project's environment variables; no keyring is asked.

        :raises SecretError: the file of names cannot be read.
        """
        return self._environments.names(project_id)

    async def environment_place(self, project_id: str) -> KeySource:
        """Say where a project's environment variables are kept, or would be.

        :raises SecretError: the keyring does not answer.
        """
        return await self._environments.place(project_id)

    async def reveal_environment(self, project_id: str) -> Mapping[str, str]:
        """Give those of a project's environment variables that the keyring still has, for the person's own eyes.

        :raises SecretError: the keyring is locked or does not answer.
        """
        values, _ = await self._environments.found(project_id)
        self._redactor.hide_all(values.values())
        return values

    async def set_environment(
        self, project_id: str, put: Mapping[str, str], drop: Collection[str] = ()
    ) -> tuple[KeySource, tuple[str, ...]]:
        """Set some of a project's environment variables, drop others, and start a dev server that runs anew.

        The answer says where they are kept, and all names.

        :raises VariableError: a name or a value is refused; nothing is changed.
        :raises SecretError: the keyring refuses; nothing is changed.
        """
        self._redactor.hide_all(put.values())
        dropped = set(drop).intersection(self.environment(project_id))
        source = await self._environments.change(project_id, put, dropped)
        if told := ", ".join(sorted({*put, *dropped})):
            self._runners[project_id].renew(f"Environment variables changed ({told}): restarting")
        return source, self.environment(project_id)

    def strike(self, text: str) -> str:
        """Give a text without the key and the values of environment variables."""
        return self._redactor.strike(text)

    async def key_state(self) -> KeyState:
        """Give what may be shown of the E2B key.

        :raises SecretError: the keyring does not answer.
        """
        return await self._secrets.state()

    async def save_key(self, key: str) -> KeyState:
        """Keep an E2B key; the answer says where.

        :raises SecretError: it is no key, or the keyring refuses.
        """
        self._redactor.hide(key.strip())
        return await self._secrets.save(key)

    async def forget_key(self) -> KeyState:
        """Forget the E2B key kept here.

        :raises SecretError: the keyring does not answer.
        """
        return await self._secrets.forget()

    async def test_key(self) -> str:
        """Ask E2B whether it accepts the key, and give the answer as a sentence.

        :raises SandboxError: it is refused, or E2B does not answer.
        :raises SecretError: the keyring does not answer.
        """
        return await self._places.test_key()

    async def build_template(self, name: str, node: str, next_version: str, tell: Callable[[str], None]) -> str:
        """Build a template at E2B with Node.js and Next.js, choose it for later starts, and give its id.

        :raises CraftError: no key, a name or version that is none, or the build failed.
        """
        connection = await self._places.connection(Provider.E2B)
        template_id = await build(connection.profile, name, describe(node, next_version), tell)
        await self.change_setting("e2b_template", name)
        return template_id

    async def aclose(self) -> None:
        """Stop every project, or leave it at E2B. What the workbench was given is closed by who gave it."""
        await self.lifetime.end()

    def _prepare(self, project: Project) -> None:
        if project.id in self._runners:
            return
        runner = Runner(lambda: as_it_is(self._projects, project), self._means)
        self._runners[project.id] = runner
        self._gateway.show(project.slug, page_state(project, runner.session))

    def _tell_projects(self) -> None:
        for project in self.projects:  # another copy of the program may have put some on the list
            self._prepare(project)
        self._announce(ProjectsChanged(self.projects))

    async def _values(self, project_id: str) -> Mapping[str, str]:
        values = await self._environments.values(project_id)
        self._redactor.hide_all(values.values())
        return values

    def _announce(self, event: Event) -> None:
        if isinstance(event, SessionChanged):
            self.reaper.look()
            self.lifetime.note()
        self.insight.note_event(event)
        for told in self.insight.logbook.take(event):
            self._announcer.announce(told)
