import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web

from craft_desktop.host.front import Front, api_name, port_of
from craft_desktop.host.server import listen
from tests.host.certificates import Certificates, certify

TIMEOUT_S = 10


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return certify(tmp_path, "*.sbx.test")


@pytest.fixture
async def port(certificates: Certificates) -> AsyncIterator[int]:
    """Of a front before two servers that say which they are, and which Host they were asked for."""
    listener = listen(0)
    number = int(listener.getsockname()[1])

    def saying(name: str) -> web.Server:
        async def answer(request: web.BaseRequest) -> web.Response:
            return web.Response(text=f"{name} {request.headers['Host']}")

        return web.Server(answer, access_log=None)

    api, proxy = saying("api"), saying("proxy")
    async with aclosing(Front(f"sbx.test:{number}", certificates.server, api, proxy)) as front:
        await front.start(listener)
        yield number
        await api.shutdown(0)
        await proxy.shutdown(0)


async def ask(port: int, certificates: Certificates, name: str, host: str) -> str:
    trusting = ssl.create_default_context(cafile=str(certificates.authority))
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    async with asyncio.timeout(TIMEOUT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=name)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        text = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
    return text.rpartition("\r\n")[2]


async def test_the_name_in_the_handshake_decides(port: int, certificates: Certificates) -> None:
    assert await ask(port, certificates, "api.sbx.test", "api.sbx.test:1") == "api api.sbx.test:1"
    assert await ask(port, certificates, "3000-i1.sbx.test", "3000-i1.sbx.test") == "proxy 3000-i1.sbx.test"
    # a Host that says otherwise leads nowhere else
    assert await ask(port, certificates, "3000-i1.sbx.test", "api.sbx.test") == "proxy api.sbx.test"


async def test_who_speaks_no_tls_is_not_answered(port: int) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert b"HTTP" not in await reader.read()
        writer.close()


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Front("sbx.test", tmp_path / "none", asyncio.Protocol, asyncio.Protocol)
    (tmp_path / "odd").write_text("odd")
    with pytest.raises(ssl.SSLError):
        Front("sbx.test", tmp_path / "odd", asyncio.Protocol, asyncio.Protocol)


def test_domains_and_their_ports() -> None:
    assert api_name("Sbx.test:80") == "api.sbx.test"
    assert (port_of("sbx.test"), port_of("sbx.test:8443")) == (0, 8443)
    for odd in ("sbx.test:", "sbx.test:x", "sbx.test:0", "sbx.test:65536", "sbx.test:1:2"):
        with pytest.raises(OSError, match="no port"):
            port_of(odd)
