"""The control API's routes: the workbench's operations over HTTP, in JSON.

    GET    /api                                   which program this is
    GET    /api/projects                          the list
    POST   /api/projects                          put a folder on it: {"path"}
    POST   /api/sandbox/{project}                 open: {"provider"}, may be empty; answers when live
    GET    /api/sandbox/{project}                 status
    DELETE /api/sandbox/{project}                 close
    PATCH  /api/sandbox/{project}                 health
    POST   /api/sandbox/{project}/restart         start the dev server anew
    POST   /api/sandbox/{project}/restart-clean   the same, after deleting in the sandbox what was built (`.next`)
    POST   /api/sandbox/{project}/reinstall       the same, after deleting and installing the dependencies
    PATCH  /api/sandbox/{project}/awake           {"on": true}: it never goes to rest by itself
    POST   /api/sandbox/{project}/doctor          examine the preview: checks, listeners, processes, the log's tail
    GET    /api/sandbox/{project}/logs            ?since=UNIX_SECONDS &stream=install|server|activity &last=LINES
    GET    /api/sandbox/{project}/environment     names; with ?reveal=true the values
    PATCH  /api/sandbox/{project}/environment     {"set": {NAME: VALUE}, "unset": [NAME], "dotenv": TEXT}
    GET    /api/events                            server-sent events; ?project=; resumed by Last-Event-ID

`{project}` is a project's id, or the name in its address. A failure is {"title", "detail", "remedy"}.
"""

import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from craft_desktop.control.journal import Journal
from craft_desktop.control.wire import (
    Json,
    diagnosis_json,
    health_json,
    line_json,
    opened_json,
    project_json,
    status_json,
)
from craft_desktop.model.dotenv import parse_dotenv
from craft_desktop.model.environment import importable
from craft_desktop.model.errors import Action, ControlError, CraftError, Problem, ProjectError
from craft_desktop.model.events import Stream
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Phase
from craft_desktop.workbench.workbench import Workbench


class UnknownProjectError(ControlError):
    """No project on the list is meant."""


class BadRequestError(ControlError):
    """A request that cannot be understood."""


class RunFailedError(CraftError):
    """A run was asked for, and came to nothing."""


class Routes:
    """Answers for one workbench."""

    def __init__(self, workbench: Workbench, journal: Journal, about: Json) -> None:
        self._workbench = workbench
        self._journal = journal
        self._about = about

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Put every route but the event stream's on a router."""
        router.add_get("/api", self.about)
        router.add_get("/api/projects", self.list)
        router.add_post("/api/projects", self.add)
        one = "/api/sandbox/{project}"
        router.add_post(one, self.open)
        router.add_get(one, self.status)
        router.add_delete(one, self.close)
        router.add_patch(one, self.health)
        router.add_post(f"{one}/restart", self.restart)
        router.add_post(f"{one}/restart-clean", self.restart_clean)
        router.add_post(f"{one}/reinstall", self.reinstall)
        router.add_patch(f"{one}/awake", self.keep_awake)
        router.add_patch(f"{one}/share", self.share)
        router.add_post(f"{one}/doctor", self.examine)
        router.add_get(f"{one}/logs", self.logs)
        router.add_get(f"{one}/environment", self.environment)
        router.add_patch(f"{one}/environment", self.change_environment)

    async def about(self, _: web.Request) -> web.Response:
        """Say which program this is."""
        return web.json_response(self._about)

    async def list(self, _: web.Request) -> web.Response:
        """Give the list of projects."""
        return web.json_response({"projects": [self._project_json(project) for project in self._workbench.projects]})

    async def add(self, request: web.Request) -> web.Response:
        """Put a folder on the list; one that is there already is answered."""
        body = await read_body(request, {"path"})
        path = body.get("path")
        if not isinstance(path, str) or not Path(path).is_absolute():
            raise BadRequestError("A path is missing", "“path” is a folder's absolute path.", "Give one.")
        project = await self._workbench.add(Path(path))
        return web.json_response(self._project_json(project), status=201)

    async def open(self, request: web.Request) -> web.Response:
        """Open a project; the answer comes when it is live, or has failed."""
        project = self.project(request)
        body = await read_body(request, {"provider"})
        opened = await self._workbench.open(project.id, _provider(body.get("provider")))
        if opened.session.phase is not Phase.LIVE:
            raise _failed(opened.session.problem, "The run was stopped before its page was live")
        return web.json_response(opened_json(opened, self._workbench.address(project.id)))

    async def status(self, request: web.Request) -> web.Response:
        """Say whether anything of a project runs."""
        project = self.project(request)
        return web.json_response(status_json(self._workbench.status(project.id), self._workbench.address(project.id)))

    async def close(self, request: web.Request) -> web.Response:
        """Stop a project; the answer comes when nothing of it runs."""
        project = self.project(request)
        sandbox_id = self._workbench.session(project.id).sandbox_id
        await self._workbench.close(project.id)
        return web.json_response({"status": "closed", "sandboxId": sandbox_id})

    async def health(self, request: web.Request) -> web.Response:
        """Ask whether a project's page answers."""
        project = self.project(request)
        health = await self._workbench.health(project.id)
        return web.json_response(health_json(health, self._workbench.status(project.id)))

    async def restart(self, request: web.Request) -> web.Response:
        """Start a project's dev server anew; the answer comes when it is live, or has failed."""
        return await self._restart(request, self._workbench.restart)

    async def restart_clean(self, request: web.Request) -> web.Response:
        """Start the dev server anew without what was built before."""
        return await self._restart(request, self._workbench.restart_clean)

    async def reinstall(self, request: web.Request) -> web.Response:
        """Install the dependencies from nothing and start the dev server anew."""
        return await self._restart(request, self._workbench.reinstall)

    async def keep_awake(self, request: web.Request) -> web.Response:
        """Choose whether a project goes to rest when nobody uses it."""
        project, on = self.project(request), await _read_choice(request)
        await self._workbench.keep_awake(project.id, on)
        return web.json_response({"keepAwake": on})

    async def share(self, request: web.Request) -> web.Response:
        """Choose whether everybody sees a project's page on E2B; one that runs gets another sandbox."""
        project, on = self.project(request), await _read_choice(request)
        await self._workbench.sharing.share(project.id, on)
        session = self._workbench.session(project.id)
        if session.phase is Phase.FAILED:
            raise _failed(session.problem, "The run was stopped before its page was live")
        return web.json_response({"shared": on, "publicUrl": session.public_url})

    async def _restart(self, request: web.Request, again: Callable[[str], Awaitable[None]]) -> web.Response:
        project = self.project(request)
        await again(project.id)
        status = self._workbench.status(project.id)
        if status.session.phase is not Phase.LIVE:
            raise _failed(status.session.problem, "The run was stopped before its page was live")
        return web.json_response(status_json(status, self._workbench.address(project.id)))

    async def examine(self, request: web.Request) -> web.Response:
        """Look at all that may keep a project's page from showing; 5 s at most."""
        project = self.project(request)
        return web.json_response(diagnosis_json(await self._workbench.doctor.examine(project.id)))

    async def logs(self, request: web.Request) -> web.Response:
        """Give the lines kept of a project's logs, and the id from which its events go on."""
        project = self.project(request)
        since = _number(request, "since", 0.0)
        last = _number(request, "last", math.inf)
        streams = [_stream(word) for word in request.query.getall("stream", [])] or list(Stream)
        lines = [
            line_json(line) for line in self._workbench.log(project.id) if line.at > since and line.stream in streams
        ]
        kept = lines if last >= len(lines) else lines[len(lines) - int(last) :]
        return web.json_response({"lines": kept, "lastEventId": self._journal.id_of(self._journal.last)})

    async def environment(self, request: web.Request) -> web.Response:
        """Give the names of a project's environment variables; the values only to who asks to see them."""
        project = self.project(request)
        if request.query.get("reveal") == "true":
            values = await self._workbench.reveal_environment(project.id)
            return web.json_response({"names": list(values), "values": dict(values)})
        return web.json_response({"names": list(self._workbench.environment(project.id))})

    async def change_environment(self, request: web.Request) -> web.Response:
        """Set and drop environment variables; what a .env file may not set is left out and told."""
        project = self.project(request)
        body = await read_body(request, {"set", "unset", "dotenv"})
        put, drop, dotenv = body.get("set", {}), body.get("unset", []), body.get("dotenv", "")
        if not _is_change(put, drop, dotenv):
            raise BadRequestError(
                "The change cannot be read",
                "“set” maps names to values, “unset” lists names, “dotenv” is the text of a .env file.",
                "Give at least one of them.",
            )
        read, left_out = importable(parse_dotenv(dotenv))
        source, names = await self._workbench.set_environment(project.id, read | put, drop)
        return web.json_response({"names": list(names), "kept": source.value, "leftOut": left_out})

    def project(self, request: web.Request) -> Project:
        """Find the project that a request names.

        :raises UnknownProjectError: none on the list.
        """
        return self.find(request.match_info["project"])

    def find(self, name: str) -> Project:
        """Find a project by its id or by the name in its address.

        :raises UnknownProjectError: none on the list.
        """
        for project in self._workbench.projects:
            if name in (project.id, project.slug):
                return project
        raise UnknownProjectError(
            "No such project",
            f"No project on the list is called {name[:80]!r}.",
            "“craft-desktop list” shows the list; “craft-desktop open PATH” puts a folder on it.",
        )

    def _project_json(self, project: Project) -> Json:
        return project_json(project, self._workbench.status(project.id), self._workbench.address(project.id))


async def read_body(request: web.Request, known: set[str]) -> dict[str, Any]:
    """Read a request's JSON object; none is an empty one.

    :raises BadRequestError: it is something else, or has a key that is not known.
    """
    try:
        text = await request.text()
        body = await request.json() if text.strip() else {}
    except (ValueError, RecursionError, LookupError) as error:  # LookupError: a charset nobody knows
        raise BadRequestError("The body is not JSON", type(error).__name__, "Send a JSON object.") from error
    if not isinstance(body, dict) or not body.keys() <= known:
        raise BadRequestError(
            "The body is not understood", f"Known are: {', '.join(sorted(known))}.", "Send a JSON object of these."
        )
    return body


def _is_change(put: object, drop: object, dotenv: object) -> bool:
    return (
        isinstance(put, dict)
        and all(isinstance(value, str) for value in put.values())
        and isinstance(drop, list)
        and all(isinstance(name, str) for name in drop)
        and isinstance(dotenv, str)
    )


def _provider(word: object) -> Provider | None:
    try:
        return None if word is None else Provider(str(word))
    except ValueError as error:
        words = ", ".join(Provider)
        raise BadRequestError("The provider is not known", f"Known are: {words}.", "Choose one of them.") from error


def _stream(word: str) -> Stream:
    try:
        return Stream(word)
    except ValueError as error:
        words = ", ".join(Stream)
        raise BadRequestError("The stream is not known", f"Known are: {words}.", "Choose one of them.") from error


def _number(request: web.Request, name: str, default: float) -> float:
    text = request.query.get(name)
    try:
        number = default if text is None else float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number) or number < 0:
        raise BadRequestError("A number is wrong", f"“{name}” is a number, 0 or more.", "Give such a number.")
    return number


async def _read_choice(request: web.Request) -> bool:
    on = (await read_body(request, {"on"})).get("on")
    if not isinstance(on, bool):
        raise BadRequestError("The choice cannot be read", "“on” is true or false.", "Give one of them.")
    return on


def _failed(problem: Problem | None, otherwise: str) -> CraftError:
    if problem is not None:
        return RunFailedError(problem.title, problem.detail, problem.remedy, problem.action)
    return ProjectError(otherwise, "Somebody closed it.", "Open it again.", Action.START)
