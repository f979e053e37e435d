"""The control API's server: loopback alone, behind the guard, found by its file in the state folder."""

import contextlib
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from craft_desktop.control.door import ControlDoor
from craft_desktop.control.endpoint import Endpoint, Kind, announced, new_token
from craft_desktop.control.guard import Refusal, refusal
from craft_desktop.control.journal import Journal
from craft_desktop.control.routes import BadRequestError, Routes, UnknownProjectError
from craft_desktop.control.stream import EventStream, TooManyReadersError
from craft_desktop.control.wire import event_json, problem_json
from craft_desktop.model.environment import MOST_BYTES
from craft_desktop.model.errors import (
    CraftError,
    Problem,
    ProjectError,
    SecretError,
    SettingError,
    VariableError,
    struck,
    unexpected,
)
from craft_desktop.model.events import Event, SettingsChanged
from craft_desktop.paths import Paths
from craft_desktop.preview.loopback import BACKLOG, listen
from craft_desktop.tasks import Owner
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import Workbench

# The largest request is a change of all environment variables, whose JSON may escape each byte as six.
BODY_LIMIT_BYTES = 6 * MOST_BYTES
SHUTDOWN_S = 0.5  # requests that wait for a run end at once when cancelled; this bounds one that does not

_STATUS: tuple[tuple[type[CraftError], int], ...] = (
    (UnknownProjectError, 404),
    (BadRequestError, 400),
    (TooManyReadersError, 503),
    (ProjectError, 422),
    (SettingError, 422),
    (VariableError, 422),
    (SecretError, 503),
)
_FAILED = 502  # what a run meets: the sandbox, its provider, the project's own programs

_log = logging.getLogger(__name__)
_Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def served(workbench: Workbench, state: Path, kind: Kind) -> AsyncIterator[Endpoint]:
    """Serve the control API of `workbench` for as long as the context lasts.

    :param state: the program's state folder.
    :raises GatewayError: no port is free.
    :raises OSError: the file by which it is found cannot be written.
    """
    journal = Journal(secrets.token_hex(4))
    token = new_token()
    async with contextlib.AsyncExitStack() as stack:
        sockets = listen(0)
        for each in sockets:
            stack.callback(each.close)
        port: int = sockets[0].getsockname()[1]
        endpoint = Endpoint(os.getpid(), port, kind, time.time(), token)
        application = _application(workbench, journal, endpoint)
        runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S, keepalive_timeout=15.0
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.callback(workbench.subscribe(lambda event: journal.add(*event_json(event))))
        for each in sockets:
            await web.SockSite(runner, each, backlog=BACKLOG).start()
        stack.enter_context(announced(state, endpoint))
        _log.info("the control API listens at port %d", port)
        yield endpoint


@contextlib.asynccontextmanager
async def open_served(paths: Paths, kind: Kind = Kind.WINDOW) -> AsyncIterator[Workbench]:
    """Give the workbench with its control API, which the setting opens and closes at once.

    Where that cannot be had: the workbench alone, and a line in the log.

    :raises SettingError: the program's own folders cannot be made.
    :raises GatewayError: no port for the preview addresses.
    """
    async with open_workbench(paths) as workbench, contextlib.AsyncExitStack() as stack:
        door = ControlDoor(lambda: served(workbench, paths.state, kind))
        stack.push_async_callback(door.switch, False)
        owner = await stack.enter_async_context(Owner("control"))

        def heed(event: Event) -> None:
            if isinstance(event, SettingsChanged):
                owner.start(door.switch(event.settings.control_api), name="open or close")

        stack.callback(workbench.subscribe(heed))
        await door.switch(workbench.settings.control_api)
        workbench.door = door
        yield workbench


def _application(workbench: Workbench, journal: Journal, endpoint: Endpoint) -> web.Application:
    @web.middleware
    async def guarded(request: web.Request, handler: _Answer) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        refused = refusal(request.headers, str(peer[0]) if peer else "", endpoint.port, endpoint.token)
        if refused is not None:
            return _refuse(refused)
        if not request.raw_path.startswith("/"):
            return _problem(400, Problem("This is not a proxy", "A request names a path alone.", ""))
        return await _told(request, handler, workbench.strike)

    application = web.Application(middlewares=[guarded], client_max_size=BODY_LIMIT_BYTES)
    about = {"program": "craft-desktop", "pid": endpoint.pid, "kind": endpoint.kind, "startedAt": endpoint.started_at}
    routes = Routes(workbench, journal, about)
    routes.add_to(application.router)
    stream = EventStream(journal)

    async def events(request: web.Request) -> web.StreamResponse:
        name = request.query.get("project")
        return await stream.answer(request, None if name is None else routes.find(name).id)

    async def end_streams(_: web.Application) -> None:
        journal.close()

    application.router.add_get("/api/events", events, allow_head=False)
    application.on_shutdown.append(end_streams)
    return application


async def _told(request: web.Request, answer: _Answer, strike: Callable[[str], str]) -> web.StreamResponse:
    """Answer, and tell every failure in JSON."""
    try:
        response = await answer(request)
    except CraftError as error:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), _FAILED)
        return _problem(status, struck(error.problem, strike))
    except web.HTTPException as error:
        detail = f"{request.method} {request.path[:80]!r}"
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _problem(error.status, Problem(HTTPStatus(error.status).phrase, detail, ""), allowed)
    except Exception as error:  # whoever asked must learn of it; the story is in the log
        _log.exception("%s %s", request.method, request.path)
        return _problem(500, struck(unexpected(error), strike))
    if not response.prepared:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _refuse(refused: Refusal) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
    response = _problem(refused.status, refused.problem, headers)
    response.force_close()  # what else it has to say, a body of any size, is not listened to
    return response


def _problem(status: int, problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(
        problem_json(problem),
        status=status,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})},
    )
