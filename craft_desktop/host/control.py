"""The control plane: E2B's REST API, as far as one computer can answer it.

Every call needs the key of this run, compared in constant time. A page in the person's browser must not reach
this API by a name that it made point here (DNS rebinding): only the loopback's own names are answered. Rules and
status codes: e2b-dev/infra, `spec/openapi.yml`; what the SDK makes of them: `e2b.api.handle_api_exception`.
"""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from aiohttp import web

from craft_desktop.host.bodies import (
    DEFAULT_TIMEOUT_S,
    LONGEST_KEY,
    LONGEST_REFRESH_S,
    TEMPLATE,
    BadRequest,
    created,
    detailed,
    failure,
    listed,
    read_creation,
    read_memory,
    read_query,
    read_strict,
    read_timeout,
)
from craft_desktop.host.creations import Creations
from craft_desktop.host.egress import CannotHold, Egress
from craft_desktop.host.failures import CannotStart, Failure, NotNow, Unisolated
from craft_desktop.host.machine import report
from craft_desktop.host.observation import Observation
from craft_desktop.host.registry import CursorError, PauseMode, Query, State, select
from craft_desktop.host.routing import host_name
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.template_routes import TemplateRoutes

BODY_BYTES = 1_000_000  # environment variables are the largest thing sent here
RESUME_TIMEOUT_S = 15  # what the legacy resume gives when it names none, E2B's
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_NO_RETRY = {"Should-Retry": "false"}  # the SDK asks again on 503 unless told not to
_log = logging.getLogger(__name__)

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Answers the REST calls of one host.

    :param routes: of other modules, behind the same key and with the same errors; they come first.
    :param names: by which it is called beside the loopback's own, behind TLS.
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        api_key: str,
        domain: str,
        routes: Iterable[web.RouteDef] = (),
        names: Iterable[str] = (),
    ) -> None:
        self._sandboxes = sandboxes
        self._key = api_key.encode()
        self._domain = domain
        self._names = frozenset(names)
        self._creations = Creations()
        self._observation = Observation(sandboxes)
        self._egress = Egress(sandboxes)
        self._routes = [
            *routes,
            *self._observation.routes(),
            *self._egress.routes(),
            *TemplateRoutes(sandboxes).routes(),
        ]

    def application(self) -> web.Application:
        """The routes, for aiohttp's runner."""
        app = web.Application(middlewares=[self._guard], client_max_size=BODY_BYTES)
        app.on_startup.append(self._start_up)
        app.on_cleanup.append(self._cleanup)
        app.add_routes(self._routes)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/craft/machine", self._machine),
                web.post("/sandboxes", self._create_v1),
                web.post("/v2/sandboxes", self._create_v2),
                web.get("/sandboxes", self._list_v1),
                web.get("/v2/sandboxes", self._list_v2),
                web.get("/sandboxes/{id}", self._get),
                web.delete("/sandboxes/{id}", self._delete),
                web.post("/sandboxes/{id}/timeout", self._timeout),
                web.post("/sandboxes/{id}/refreshes", self._refresh),
                web.post("/sandboxes/{id}/connect", self._connect),
                web.post("/v2/sandboxes/{id}/connect", self._connect),
                web.post("/sandboxes/{id}/resume", self._resume),
                web.post("/sandboxes/{id}/pause", self._pause),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handle) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if not is_loopback_name(host) and host_name(host) not in self._names:
            return refuse(421, "this API answers to 127.0.0.1 and localhost only")
        given = request.headers.get("X-API-KEY", "").encode("utf-8", "surrogateescape")
        if request.path != "/health" and not hmac.compare_digest(given, self._key):
            return refuse(401, "the API key is missing or wrong")
        try:
            return await handler(request)
        except BadRequest as error:
            return refuse(400, str(error))
        except CursorError as error:
            return refuse(400, str(error))
        except Unisolated as error:
            return refuse(400, f"{error} To run without isolation, create with metadata isolation=none.")
        except CannotHold as error:
            return refuse(400, str(error))
        except Failure as error:
            if isinstance(error, CannotStart):
                _log.error("a sandbox could not be started: %s", error)
            return refuse(error.code, str(error), error.error_code)
        except web.HTTPException as error:
            return refuse(error.status, error.reason)

    async def _start_up(self, _: web.Application) -> None:
        await self._observation.start()

    async def _cleanup(self, _: web.Application) -> None:
        await self._observation.aclose()
        await self._creations.aclose()

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _machine(self, _: web.Request) -> web.Response:
        nodes = await asyncio.to_thread(self._sandboxes.nodes.told)
        return web.json_response(report(self._sandboxes.machine, nodes))

    async def _create_v1(self, request: web.Request) -> web.Response:
        return await self._create(request, always_secure=False)

    async def _create_v2(self, request: web.Request) -> web.Response:
        return await self._create(request, always_secure=True)

    async def _create(self, request: web.Request, *, always_secure: bool) -> web.Response:
        body = await read_json(request)
        creation = read_creation(body, always_secure=always_secure)
        self._egress.check(creation.rules)
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > LONGEST_KEY:
            raise BadRequest(f"Idempotency-Key is longer than {LONGEST_KEY} characters")
        if key:
            make = self._sandboxes.create
            digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
            sandbox = await self._creations.once(key, digest, lambda: make(creation), self._sandboxes.registry)
        else:
            sandbox = await self._sandboxes.create(creation)
        return web.json_response(created(sandbox, self._domain), status=201)

    async def _list_v1(self, request: web.Request) -> web.Response:
        query = read_query(request.query, default_states=frozenset({State.RUNNING}))
        page = select(self._sandboxes.registry.all(), await self._resolved(query))
        return web.json_response([listed(sandbox) for sandbox in page.sandboxes])

    async def _list_v2(self, request: web.Request) -> web.Response:
        everything = self._sandboxes.registry.all()
        page = select(everything, await self._resolved(read_query(request.query)))
        running = sum(sandbox.state is State.RUNNING for sandbox in everything)
        headers = {"X-Total-Running": str(running)}
        if page.next_token is not None:
            headers["X-Next-Token"] = page.next_token
        return web.json_response([listed(sandbox) for sandbox in page.sandboxes], headers=headers)

    async def _resolved(self, query: Query) -> Query:
        """A query whose template may be a snapshot's name, with its id."""
        if query.template_id in (None, TEMPLATE):
            return query
        named = await asyncio.to_thread(self._sandboxes.snapshots.find, query.template_id or "")
        return replace(query, template_id=named.template_id) if named else query

    async def _get(self, request: web.Request) -> web.Response:
        sandbox = self._sandboxes.find(request.match_info["id"])
        return web.json_response(detailed(sandbox, self._domain))

    async def _delete(self, request: web.Request) -> web.Response:
        await self._sandboxes.kill(request.match_info["id"])
        return web.Response(status=204)

    async def _timeout(self, request: web.Request) -> web.Response:
        timeout_s = read_timeout(await read_json(request), "timeout", None)
        self._sandboxes.set_timeout(request.match_info["id"], timeout_s)
        return web.Response(status=204)

    async def _refresh(self, request: web.Request) -> web.Response:
        duration_s = read_timeout(await read_json(request), "duration", 0, LONGEST_REFRESH_S)
        self._sandboxes.set_timeout(request.match_info["id"], duration_s, only_extend=True)
        return web.Response(status=204)

    async def _connect(self, request: web.Request) -> web.Response:
        return await self._wake(request, DEFAULT_TIMEOUT_S)

    async def _resume(self, request: web.Request) -> web.Response:
        """The older call, which is for paused sandboxes alone."""
        if self._sandboxes.find(request.match_info["id"]).state is State.RUNNING:
            raise NotNow(f"sandbox {request.match_info['id']!r} is already running")
        return await self._wake(request, RESUME_TIMEOUT_S)

    async def _wake(self, request: web.Request, default_s: int) -> web.Response:
        body = await read_json(request)
        timeout_s = read_timeout(body, "timeout", default_s)
        restore = read_memory(body)
        sandbox, resumed = await self._sandboxes.resume(request.match_info["id"], timeout_s, restore=restore)
        return web.json_response(created(sandbox, self._domain), status=201 if resumed else 200)

    async def _pause(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        mode = PauseMode.FULL if read_memory(body) else PauseMode.FILESYSTEM
        await self._sandboxes.pause(request.match_info["id"], mode, strict=read_strict(body))
        return web.Response(status=204)


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this computer itself, with or without a port."""
    name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
    return name.lower() in LOOPBACK_NAMES and (not port or port.isdecimal())


def refuse(code: int, message: str, error_code: str = "") -> web.Response:
    """A failed answer in E2B's form; the SDK is told not to ask again where it otherwise would."""
    return web.json_response(failure(code, message, error_code), status=code, headers=_NO_RETRY)


async def read_json(request: web.Request) -> Any:
    """The request's JSON; an empty body is an empty object.

    :raises BadRequest: it is not JSON.
    """
    content = await request.read()
    if not content.strip():
        return {}
    try:
        return json.loads(content)
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
