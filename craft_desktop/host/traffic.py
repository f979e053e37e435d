"""The traffic listener: passes HTTP and WebSocket to the sandbox and port that a request names, changing nothing
else.

What is passed: raw target, headers (Host included) and bodies as they come, both ways at once, without decoding
and without deadlines. What is not: headers that belong to one connection only (RFC 9110, 7.6.1). An answer that
an upstream gives before it has read the whole request goes out at once.
"""

import hmac
import logging
from collections.abc import Mapping
from typing import Protocol

from aiohttp import ClientError, ClientResponse, ClientSession, web
from aiohttp.http import HttpVersion10
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from craft_desktop.host.failures import Failure, GuestSilent
from craft_desktop.host.refusals import GUEST_SILENT, NOT_FOUND, PORT_CLOSED, TOKEN_MISSING, TOKEN_WRONG, Refusal
from craft_desktop.host.registry import PauseMode, Registry, Sandbox, State
from craft_desktop.host.routing import NoRoute, Route, is_private, is_signed_file, origin_form, route
from craft_desktop.host.signature import signer
from craft_desktop.host.tunnel import pass_through
from craft_desktop.host.upstream import ENVD_PORT, HEAD_BYTES, HEADER_COUNT

TOKEN_HEADER = "e2b-traffic-access-token"
SHORTEST_WAKE_S = 300  # a sandbox woken by traffic runs five minutes at least, as E2B's do
# of one connection only; `Expect` is answered by aiohttp before the body is read
_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# the proxy's own, not for programs in a sandbox to see
_OURS = frozenset({"e2b-sandbox-id", "e2b-sandbox-port", TOKEN_HEADER})
_log = logging.getLogger(__name__)


class Passed(web.StreamResponse):
    """A response of the sandbox: aiohttp's own additions to the head are taken out again."""

    _length_check = True

    async def _prepare_headers(self) -> None:
        given = {name.lower() for name in self.headers}
        await super()._prepare_headers()
        for name in ("Content-Type", "Date", "Server"):
            if name.lower() not in given:
                self.headers.popall(name, None)


class Switched(Passed):
    """The 101 of a WebSocket: no body, and no length of one."""

    _length_check = False


class Places(Protocol):
    """What the listener has to know of sandboxes."""

    @property
    def registry(self) -> Registry:
        """Those alive."""

    @property
    def session(self) -> ClientSession:
        """The client whose addresses are `http://SANDBOX_ID:PORT/`."""

    async def resume(self, sandbox_id: str, timeout_s: int) -> tuple[Sandbox, bool]:
        """See that a sandbox runs. Raises Failure when it cannot be had."""


class Traffic:
    """Answers the traffic listener of one host."""

    def __init__(self, sandboxes: Places) -> None:
        self._sandboxes = sandboxes

    def server(self) -> web.Server:
        """For aiohttp's ServerRunner."""
        return web.Server(
            self._answer,
            access_log=None,
            auto_decompress=False,  # a body passes as it is
            handler_cancellation=True,  # a client that goes away ends its request upstream too
            max_line_size=HEAD_BYTES,
            max_field_size=HEAD_BYTES,
            max_headers=HEADER_COUNT,
        )

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            sandbox, port = await self._find(request)
        except _Refused as refused:
            return _refuse(request, refused.refusal)
        try:
            return await self._pass(request, sandbox, port)
        except ClientError as error:
            # refused, or accepted and broken off before an answer: E2B's proxy tells both as a closed port
            _log.debug("sandbox %s port %s does not answer: %s", sandbox.sandbox_id, port, error)
            if self._sandboxes.registry.find(sandbox.sandbox_id) is None:
                return _refuse(request, Refusal(502, NOT_FOUND, sandbox.sandbox_id))
            return _refuse(request, Refusal(502, PORT_CLOSED, sandbox.sandbox_id, port))

    async def _find(self, request: web.BaseRequest) -> tuple[Sandbox, int]:
        """The sandbox and port meant, awake and open to the asker.

        :raises _Refused: with what to say.
        """
        try:
            named = route(request.headers)
        except NoRoute as error:
            raise _Refused(Refusal(400, str(error))) from error
        sandbox = self._named(named, request)
        if sandbox is None:
            raise _Refused(Refusal(502, NOT_FOUND, named.sandbox_id or ""))
        if named.port == ENVD_PORT:
            if is_private(request.raw_path):
                raise _Refused(Refusal(404, "Not found", sandbox.sandbox_id))
        elif sandbox.traffic_token is not None:
            given = request.headers.get(TOKEN_HEADER)
            if given is None:
                raise _Refused(Refusal(403, TOKEN_MISSING, sandbox.sandbox_id))
            if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), sandbox.traffic_token.encode()):
                raise _Refused(Refusal(403, TOKEN_WRONG, sandbox.sandbox_id))
        if sandbox.state is State.PAUSED:  # only now: whoever may not come in is not to wake it either
            sandbox = await self._wake(sandbox)
        return sandbox, named.port

    def _named(self, named: Route, request: web.BaseRequest) -> Sandbox | None:
        registry = self._sandboxes.registry
        if named.sandbox_id is not None:
            return registry.find(named.sandbox_id)
        if is_signed_file(request.method, request.raw_path):
            return signer(request.raw_path, request.method, registry.all())
        return None

    async def _wake(self, sandbox: Sandbox) -> Sandbox:
        gone = _Refused(Refusal(502, NOT_FOUND, sandbox.sandbox_id))
        # E2B: a start anew is asked for by a call, never brought about by whoever happens to look
        if not sandbox.auto_resume or sandbox.pause_mode is PauseMode.FILESYSTEM:
            raise gone
        try:
            awake, _ = await self._sandboxes.resume(sandbox.sandbox_id, max(sandbox.timeout_s, SHORTEST_WAKE_S))
        except GuestSilent as error:
            raise _Refused(Refusal(error.code, GUEST_SILENT, sandbox.sandbox_id)) from error
        except Failure as error:
            _log.warning("sandbox %s could not be woken: %s", sandbox.sandbox_id, error)
            raise gone from error
        return awake

    async def _pass(self, request: web.BaseRequest, sandbox: Sandbox, port: int) -> web.StreamResponse:
        session: ClientSession = self._sandboxes.session
        websocket = is_websocket(request.headers)
        headers = forwarded(request.headers, websocket=websocket)
        if sandbox.mask_host is not None and port != ENVD_PORT:
            headers["X-Forwarded-Host"] = request.headers.get("Host", "")
            headers["Host"] = sandbox.mask_host.replace("${PORT}", str(port))
        url = address(sandbox.sandbox_id, port, request.raw_path, tls=port in sandbox.https_ports)
        body = request.content if request.body_exists and not websocket else None
        async with session.request(request.method, url, headers=headers, data=body, allow_redirects=False) as answer:
            if answer.status == 101:
                return await _switch(request, answer)
            return await _relay(request, answer)


async def _relay(request: web.BaseRequest, answer: ClientResponse) -> web.StreamResponse:
    response = Passed(status=answer.status, reason=answer.reason, headers=returned(answer.headers))
    if request.version == HttpVersion10:
        response.force_close()
    try:
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    except ClientError as error:
        # the head is out: only a broken connection can still tell that the body is not whole
        _log.debug("a response broke off: %s", error)
        if request.transport is not None:
            request.transport.abort()
    return response


async def _switch(request: web.BaseRequest, answer: ClientResponse) -> web.StreamResponse:
    headers = returned(answer.headers)
    headers["Connection"] = "Upgrade"
    headers["Upgrade"] = answer.headers.get("Upgrade", "websocket")
    response = Switched(status=101, reason=answer.reason, headers=headers)
    response.force_close()
    await response.prepare(request)
    await pass_through(request, answer)
    return response


def forwarded(headers: CIMultiDictProxy[str], *, websocket: bool) -> CIMultiDict[str]:
    """The request headers that go into the sandbox."""
    kept = _end_to_end(headers, _OURS)
    if websocket:
        kept["Connection"] = "Upgrade"
        kept["Upgrade"] = "websocket"
    return kept


def returned(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """The response headers that go back."""
    return _end_to_end(headers, frozenset())


def is_websocket(headers: Mapping[str, str]) -> bool:
    """Whether a request asks to become a WebSocket (RFC 6455, 4.1); no other protocol is switched to."""
    words = {word.strip().lower() for word in headers.get("Connection", "").split(",")}
    return "upgrade" in words and headers.get("Upgrade", "").strip().lower() == "websocket"


def address(sandbox_id: str, port: int, target: str, *, tls: bool = False) -> URL:
    """The upstream's URL with the raw request target untouched: not decoded, not tidied."""
    return URL(f"http{'s' if tls else ''}://{sandbox_id}:{port}{origin_form(target)}", encoded=True)


def _end_to_end(headers: CIMultiDictProxy[str], dropped: frozenset[str]) -> CIMultiDict[str]:
    named = {word.strip().lower() for value in headers.getall("Connection", ()) for word in value.split(",")}
    kept: CIMultiDict[str] = CIMultiDict()
    spelt: dict[str, str] = {}
    for name, value in headers.items():
        if (lower := name.lower()) not in _HOP and lower not in dropped and lower not in named:
            # aiohttp's client takes another spelling of a name for another value of it, and drops the first
            kept.add(spelt.setdefault(lower, name), value)
    return kept


def _refuse(request: web.BaseRequest, refusal: Refusal) -> web.StreamResponse:
    kind, text = refusal.write(request.headers)
    response = web.Response(status=refusal.code, text=text, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Should-Retry"] = "false"
    return response


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
