"""HTTP connections into sandboxes, pooled by aiohttp: envd by its Unix socket, every other port by dialling.

The address of a request is `http://SANDBOX_ID:PORT/...`; no name is ever resolved. A dead sandbox's connections
end with it, so the pool needs no clearing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
from aiohttp.client_exceptions import ClientConnectorError
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import BaseConnector
from aiohttp.tracing import Trace

from craft_desktop.host.dial import DialError

ENVD_PORT = 49983  # E2B's own; the SDK has it built in
HEAD_BYTES = 65_536  # one header or request line; browsers send 8 kB of cookies, programs more
HEADER_COUNT = 512  # far above what browsers and frameworks send, still a bound
IDLE_S = 30.0  # Node.js closes idle connections after 5 s by itself, envd later; both are noticed at once

Connect = Callable[[str, int], Awaitable[socket.socket]]


class SandboxConnector(BaseConnector):
    """Opens connections into sandboxes.

    :param connect: a connected socket for a sandbox id and a port; raises DialError.
    """

    def __init__(self, connect: Connect) -> None:
        # no limit: each browser tab holds streams open, and the sandbox itself is the bound
        super().__init__(limit=0, keepalive_timeout=IDLE_S)
        self._connect = connect
        # as E2B's proxy: what serves TLS in a sandbox signs for itself, and nobody stands in between
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        port = req.url.port or 0
        try:
            connected = await self._connect(req.url.host or "", port)
        except DialError as error:
            raise ClientConnectorError(req.connection_key, error) from error
        tls = self._tls if req.is_ssl() else None
        try:
            _, protocol = await asyncio.get_running_loop().create_connection(
                self._factory, sock=connected, ssl=tls, server_hostname=None if tls is None else ""
            )
        except OSError as error:
            connected.close()
            raise ClientConnectorError(req.connection_key, error) from error
        return protocol


def open_session(connect: Connect) -> ClientSession:
    """A client for sandboxes that changes nothing of what it passes: no cookies, no decoding, no deadline."""
    return ClientSession(
        connector=SandboxConnector(connect),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        timeout=ClientTimeout(total=None, sock_read=None, connect=None, sock_connect=None),
        max_line_size=HEAD_BYTES,
        max_field_size=HEAD_BYTES,
        max_headers=HEADER_COUNT,
        trust_env=False,
        requote_redirect_url=False,
    )
