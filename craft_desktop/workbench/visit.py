"""The facts of one examination of a preview, each gathered once, and the checks that wait for them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from craft_desktop.model.checkup import (
    PageSeen,
    check_compile,
    check_hot_reload,
    check_hydration,
    check_letters,
    check_prefixes,
    check_run,
    check_sync,
    check_variables,
    unknown,
)
from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.letters import find_mismatches
from craft_desktop.model.log_look import checks_of_log, read_symptoms
from craft_desktop.model.page_check import (
    PageAnswer,
    check_answer,
    check_policy,
    check_redirects,
    check_speed,
    local_path,
)
from craft_desktop.model.project import Project
from craft_desktop.model.report import Check
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.source_reads import hidden, missing
from craft_desktop.model.symptoms import SYMPTOMS
from craft_desktop.model.vitals import Vitals
from craft_desktop.model.vitals_check import (
    check_address,
    check_clock,
    check_disk,
    check_install,
    check_lock,
    check_memory,
    check_node,
    check_port,
    check_process,
)
from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.probe import ANSWER_LIMIT_S, ask
from craft_desktop.sandbox.look import look
from craft_desktop.tasks import Owner
from craft_desktop.workbench.insight import Insight
from craft_desktop.workbench.premises import Premises, read_premises
from craft_desktop.workbench.runner import Runner
from craft_desktop.workbench.source_tree import SourceTree, read_source

# Lines of the log that are searched, before those of other starts are left out.
MOST_LINES = 4_000

_IN_SANDBOX = frozenset({Phase.INSTALLING, Phase.STARTING, Phase.WAITING, Phase.LIVE, Phase.BROKEN})
_HAS_SERVER = frozenset({Phase.WAITING, Phase.LIVE})

T = TypeVar("T")


class NotSeenError(Exception):
    """A fact cannot be had; the words say why."""


class Visit:
    """The facts of one examination, each gathered once, by whoever asks first."""

    def __init__(
        self,
        owner: Owner,
        runner: Runner,
        project: Project,
        gateway: Gateway,
        insight: Insight,
        page: PageSeen | None,
    ) -> None:
        self._runner = runner
        self._project = project
        self._gateway = gateway
        self._insight = insight
        self._page = page
        self.session: Session = runner.session
        self.lines = of_this_start(insight.log(project.id), self.session)
        start = owner.start
        self._premises = start(asyncio.to_thread(read_premises, project.path), name="folder", awaited=True)
        self._source = start(asyncio.to_thread(read_source, project.path), name="source", awaited=True)
        self._answer = start(self._ask(), name="page", awaited=True)
        self._looked_at = time.time()
        self._look_s = 0.0
        self._vitals = start(self._look(), name="sandbox", awaited=True)

    def checks(self, names: frozenset[str]) -> dict[str, Callable[[], Awaitable[Check]]]:
        """Give every check but the log's, by its id."""
        session, page = self.session, self._page

        async def with_vitals(rule: Callable[[Vitals], Check]) -> Check:
            return rule(await _shared(self._vitals))

        async def with_answer(rule: Callable[[PageAnswer], Check]) -> Check:
            return rule(await _shared(self._answer))

        async def at_once(rule: Callable[[], Check]) -> Check:
            return rule()

        async def with_server(rule: Callable[[Vitals], Check]) -> Check:
            if session.phase not in _HAS_SERVER:
                raise NotSeenError("No dev server runs.")
            return rule(await _shared(self._vitals))

        return {
            "run": lambda: at_once(lambda: check_run(session)),
            "process": lambda: with_server(lambda vitals: check_process(session, vitals)),
            "address": lambda: with_server(check_address),
            "port": lambda: self._port(),
            "answer": lambda: with_answer(lambda answer: check_answer(answer, ANSWER_LIMIT_S, self._base())),
            "speed": lambda: with_answer(lambda answer: check_speed(answer, ANSWER_LIMIT_S)),
            "redirects": lambda: with_answer(check_redirects),
            "policy": lambda: with_answer(check_policy),
            "hydration": lambda: at_once(lambda: check_hydration(page, session.phase)),
            "hot-reload": lambda: self._hot_reload(),
            "compile": lambda: at_once(lambda: check_compile(self._insight.compiling(self._project.id))),
            "variables": lambda: self._variables(names),
            "prefixes": lambda: self._prefixes(names),
            "letters": lambda: self._letters(),
            "node": lambda: self._node(),
            "install": lambda: self._install(),
            "memory": lambda: with_vitals(check_memory),
            "disk": lambda: with_vitals(check_disk),
            "clock": lambda: with_vitals(lambda vitals: check_clock(vitals, self._looked_at, self._look_s)),
            "lock": lambda: self._lock(),
            "sync": lambda: at_once(self._sync),
        }

    async def log_checks(self) -> list[Check]:
        """Give the log's checks."""
        if not self.lines:
            why = "The log holds nothing of this start."
            return [unknown(symptom.id, symptom.name, why) for symptom in SYMPTOMS]
        seen = await asyncio.to_thread(read_symptoms, [line.text for line in self.lines])
        where = self._project.id
        return checks_of_log(
            seen, "Nothing of it in the log.", lambda place: self._insight.locate(where, place) is not None
        )

    async def premises_or_none(self) -> Premises:
        """Give what the folder says; nothing where it does not answer."""
        try:
            async with asyncio.timeout(1.0):
                return await _shared(self._premises)
        except TimeoutError:  # a folder on a network that hangs: the checks that need it say so
            return Premises()

    async def vitals_or_none(self) -> Vitals:
        """Give what was seen in the sandbox; nothing where nothing was."""
        if self._vitals.done() and not self._vitals.cancelled() and self._vitals.exception() is None:
            return self._vitals.result()
        return Vitals()

    async def _look(self) -> Vitals:
        sandbox = self._runner.sandbox
        if sandbox is None or self.session.phase not in _IN_SANDBOX:
            asleep = self.session.phase in (Phase.ASLEEP, Phase.WAKING)
            raise NotSeenError("The sandbox sleeps; use the page to wake it." if asleep else "There is no sandbox.")
        premises = await self.premises_or_none()
        recipe = premises.recipe
        root, app = (recipe.install_dir, recipe.app_dir) if recipe else ("", "")
        began = time.time()
        try:
            vitals = await look(sandbox, root, app, premises.packages)
        except TimeoutError as error:
            raise NotSeenError("The sandbox did not answer in time.") from error
        self._look_s = time.time() - began
        self._looked_at = began + self._look_s / 2
        if not vitals.is_whole:
            raise NotSeenError("The sandbox's answer broke off.")
        return vitals

    async def _ask(self) -> PageAnswer:
        upstream = self._gateway.upstream(self._project.slug)
        if upstream is None:
            raise NotSeenError("Nothing serves the page now.")
        host = self._gateway.url(self._project.slug).removeprefix("http://").rstrip("/")
        return await ask(upstream, host)

    def _base(self) -> str:
        return local_path(line.text for line in self.lines if line.stream is Stream.SERVER)

    async def _framework(self) -> Framework:
        recipe = (await _shared(self._premises)).recipe
        return recipe.framework if recipe is not None else Framework.OTHER

    async def _port(self) -> Check:
        if self.session.phase not in _HAS_SERVER:
            raise NotSeenError("No dev server runs.")
        recipe = (await _shared(self._premises)).recipe
        vitals = await _shared(self._vitals)
        return check_port(self.session, recipe.declared_port if recipe is not None else None, vitals)

    async def _hot_reload(self) -> Check:
        sockets = self._gateway.hot_reload_sockets(self._project.slug)
        return check_hot_reload(sockets, await self._framework(), self._page, self.session.phase)

    async def _variables(self, names: frozenset[str]) -> Check:
        source, premises = await self._both()
        needed = missing(source.reads, names | premises.set_names)
        return check_variables(needed, premises.example_names, is_whole=source.is_whole, sources=source.sources)

    async def _prefixes(self, names: frozenset[str]) -> Check:
        source, premises = await self._both()
        framework = await self._framework()
        return check_prefixes(hidden(source.reads, names | premises.set_names, framework), framework)

    async def _letters(self) -> Check:
        source, _ = await self._both()
        wrong = await asyncio.to_thread(find_mismatches, source.imports, source.files)
        return check_letters(wrong, is_whole=source.is_whole)

    async def _both(self) -> tuple[SourceTree, Premises]:
        return await _shared(self._source), await _shared(self._premises)

    async def _node(self) -> Check:
        recipe = (await _shared(self._premises)).recipe
        return check_node(recipe.node_range if recipe is not None else "", await _shared(self._vitals))

    async def _install(self) -> Check:
        if self.session.phase not in _HAS_SERVER:
            raise NotSeenError("The dependencies are not installed yet.")
        packages = (await _shared(self._premises)).packages
        return check_install(await _shared(self._vitals), len(packages))

    async def _lock(self) -> Check:
        return check_lock(await _shared(self._vitals), await self._framework())

    def _sync(self) -> Check:
        state = self._runner.sync
        if state is None:
            raise NotSeenError("There is no sandbox.")
        verified_s = None if state.verified_at is None else max(0.0, time.time() - state.verified_at)
        return check_sync(state.halted.problem if state.halted else None, state.pending, verified_s)


async def _shared(task: asyncio.Task[T]) -> T:
    """Wait for a fact that others wait for too: who gives up waiting takes it from nobody."""
    return await asyncio.shield(task)


def of_this_start(lines: tuple[LogLine, ...], session: Session) -> tuple[LogLine, ...]:
    """Give the lines of install and dev server since the last time that each was started."""
    kept: dict[Stream, list[LogLine]] = {Stream.INSTALL: [], Stream.SERVER: []}
    for line in lines[-MOST_LINES:]:
        if line.stream in kept and line.at >= session.started_at > 0:
            if line.is_divider:
                kept[line.stream].clear()
            else:
                kept[line.stream].append(line)
    return tuple(sorted((line for each in kept.values() for line in each), key=lambda line: line.at))
