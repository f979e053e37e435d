"""The host behind TLS, by names alone: `api.<domain>` is the API, every other name the client proxy.

E2B's own layout (wire notes, section 1, mode B), so that a client needs to be told a domain and nothing else:
signed file addresses then name their sandbox, and `https://` before what `get_host` gives is right. Which of the
two a connection is for says the name in its handshake (SNI); within it each listener checks the Host as ever. The
certificate comes from the person, for `*.<domain>`: this program makes none and is trusted by nobody by itself.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from craft_desktop.host.routing import host_name

API_LABEL = "api"  # E2B's: https://api.<domain>
HANDSHAKE_TIMEOUT_S = 10.0  # a handshake on loopback takes milliseconds; who only opens connections must not keep them
BACKLOG = 256  # a page opens dozens of connections at once

MakeProtocol = Callable[[], asyncio.Protocol]


class Front:
    """Takes TLS connections on one listener and gives them to one of two servers. Close it with `aclose`.

    :param certificate: a PEM file with the key and the chain.
    :raises OSError: it cannot be read; ssl.SSLError, which is one, when it is no such file.
    """

    def __init__(self, domain: str, certificate: Path, api: MakeProtocol, proxy: MakeProtocol) -> None:
        self._api_name = api_name(domain)
        self._api = api
        self._proxy = proxy
        self._context, self._for_api = (_context(certificate) for _ in range(2))
        self._context.sni_callback = self._choose
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Serve on `listener`, which is this object's from now on."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Doorway(self._serving),
            sock=listener,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
            backlog=BACKLOG,
        )

    async def aclose(self) -> None:
        """Take no more connections; those that stand are the two servers'."""
        if self._server is not None:
            self._server.close()

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        """The context stays with the connection: the only place where the handshake can leave what it learnt."""
        if name is not None and name.lower() == self._api_name:
            connection.context = self._for_api

    def _serving(self, connection: ssl.SSLObject) -> asyncio.Protocol:
        return self._api() if connection.context is self._for_api else self._proxy()


class _Doorway(asyncio.Protocol):
    """A connection whose handshake has just ended: it becomes another's."""

    def __init__(self, serving: Callable[[ssl.SSLObject], asyncio.Protocol]) -> None:
        self._serving = serving

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        protocol = self._serving(transport.get_extra_info("ssl_object"))
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


def api_name(domain: str) -> str:
    """The API's name under a domain, which may have a port behind it."""
    return f"{API_LABEL}.{host_name(domain)}"


def port_of(domain: str) -> int:
    """The port behind a domain; 0 when it names none.

    :raises OSError: it is no port.
    """
    _, colon, port = domain.partition(":")
    if colon and not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65_536):
        raise OSError(f"{domain!r} has no port behind its colon")
    return int(port) if colon else 0


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["http/1.1"])  # the servers behind speak no other
    return context
