"""Servers inside a sandbox, reached from outside at `get_host(port)`: HTTP and WebSocket, as they come."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
from e2b import AsyncSandbox
from e2b.connection_config import ApiParams
from yarl import URL

from craft_desktop.host.handshake import Ready

OPEN_TIMEOUT_S = 20
# echoes what it was asked, and for an upgrade what it is sent, byte by byte
SERVER = r"""
const http = require('http');
const server = http.createServer((req, res) => {
  if (req.url === '/stream') {
    res.write('one\n');
    return setTimeout(() => res.end('two\n'), 200);
  }
  const chunks = [];
  req.on('data', (c) => chunks.push(c)).on('end', () => {
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    res.setHeader('Content-Encoding', 'gzip');
    res.end(JSON.stringify({method: req.method, url: req.url, headers: req.headers,
      body: Buffer.concat(chunks).toString('base64')}));
  });
});
server.on('upgrade', (req, socket, head) => {
  if (req.url === '/refused') return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Own: yes\r\n\r\n');
  socket.write(head);
  socket.pipe(socket);
});
server.listen(PORT, HOST, () => console.log('open'));
"""


async def serve(sandbox: AsyncSandbox, port: int, address: str) -> None:
    """Have the server run in the sandbox; returns when it listens."""
    text = SERVER.replace("PORT", str(port)).replace("HOST", f"'{address}'")
    await sandbox.files.write(f"server{port}.js", text)
    heard = asyncio.Event()
    await sandbox.commands.run(f"node server{port}.js", background=True, timeout=0, on_stdout=lambda _: heard.set())
    async with asyncio.timeout(OPEN_TIMEOUT_S):
        await heard.wait()


async def own_port(sandbox: AsyncSandbox) -> int:
    return int((await sandbox.commands.run("echo ${PORT:-3000}")).stdout)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=30)) as opened:
        yield opened


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1"])
async def test_a_server_is_reached_by_its_host_name(
    sandbox: AsyncSandbox, host: Ready, session: aiohttp.ClientSession, address: str
) -> None:
    port = await own_port(sandbox)
    await serve(sandbox, port, address)
    name = sandbox.get_host(port)
    assert name == f"{port}-{sandbox.sandbox_id}.{host.domain}"
    async with session.get(
        URL(f"{host.traffic_url}/a%20b/../c?d=%2F..", encoded=True), headers={"Host": name}
    ) as answer:
        told = await answer.json(content_type=None)
        assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Server" not in answer.headers
    assert told["url"] == "/a%20b/../c?d=%2F.."
    assert told["headers"]["host"] == name


async def test_bodies_pass_both_ways_while_they_are_written(
    sandbox: AsyncSandbox, host: Ready, session: aiohttp.ClientSession
) -> None:
    port = await own_port(sandbox)
    await serve(sandbox, port, "127.0.0.1")
    routed = {"E2b-Sandbox-Id": sandbox.sandbox_id, "E2b-Sandbox-Port": str(port)}
    async with session.post(f"{host.traffic_url}/", data=b"x" * 300_000, headers=routed) as answer:
        told = await answer.json(content_type=None)
        assert len(told["body"]) == 400_000
        assert told["headers"]["content-length"] == "300000"
        assert not [name for name in told["headers"] if name.startswith("e2b-")]
    async with session.get(f"{host.traffic_url}/stream", headers=routed) as answer:
        assert await answer.content.readline() == b"one\n"
        assert await answer.content.readline() == b"two\n"
    async with session.head(f"{host.traffic_url}/", headers=routed) as answer:
        assert answer.status == 200


async def test_an_upgraded_connection_carries_any_bytes(sandbox: AsyncSandbox, host: Ready) -> None:
    port = await own_port(sandbox)
    await serve(sandbox, port, "127.0.0.1")
    there = urlsplit(host.traffic_url)
    head = (
        f"GET /hmr HTTP/1.1\r\nHost: {sandbox.get_host(port)}\r\nConnection: keep-alive, Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(there.hostname, there.port)
    # bytes behind the head belong to the tunnel, however early they come
    writer.write(head.encode() + b"\x00early\xff")
    async with asyncio.timeout(OPEN_TIMEOUT_S):
        answered = await reader.readuntil(b"\r\n\r\n")
        assert answered.startswith(b"HTTP/1.1 101 ")
        assert b"X-Own: yes" in answered
        assert await reader.readexactly(7) == b"\x00early\xff"
        blob = bytes(range(256)) * 8000
        writer.write(blob)
        assert await reader.readexactly(len(blob)) == blob
        writer.close()
        await writer.wait_closed()


async def test_a_refused_upgrade_is_an_ordinary_answer(sandbox: AsyncSandbox, host: Ready) -> None:
    port = await own_port(sandbox)
    await serve(sandbox, port, "127.0.0.1")
    async with aiohttp.ClientSession() as session:
        headers = {"Host": sandbox.get_host(port)}
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(f"{host.traffic_url}/refused", headers=headers)
        assert caught.value.status == 403
        async with session.get(f"{host.traffic_url}/", headers=headers | {"Accept-Encoding": "identity"}) as answer:
            assert answer.status == 200


async def test_a_closed_port_and_a_dead_sandbox_are_told_apart(
    options: ApiParams, host: Ready, session: aiohttp.ClientSession
) -> None:
    sandbox = await AsyncSandbox.create(**options)
    headers = {"Host": sandbox.get_host(3999)}
    async with session.get(host.traffic_url, headers=headers) as answer:
        assert answer.status == 502
        assert await answer.json() == {
            "sandboxId": sandbox.sandbox_id,
            "message": "The sandbox is running but port is not open",
            "port": 3999,
            "code": 502,
        }
    async with session.get(host.traffic_url, headers=headers | {"User-Agent": "Mozilla/5.0"}) as answer:
        assert answer.content_type == "text/html"
    await sandbox.kill()
    async with session.get(host.traffic_url, headers=headers) as answer:
        assert answer.status == 502
        assert (await answer.json())["message"] == "The sandbox was not found"


async def test_a_port_of_another_is_not_reached(
    sandbox: AsyncSandbox, options: ApiParams, host: Ready, session: aiohttp.ClientSession
) -> None:
    port = await own_port(sandbox)
    await serve(sandbox, port, "127.0.0.1")
    other = await AsyncSandbox.create(**options)
    api_port = urlsplit(host.api_url).port
    try:
        for foreign in (port, api_port):
            async with session.get(host.traffic_url, headers={"Host": f"{foreign}-{other.sandbox_id}.x.y"}) as answer:
                assert answer.status == 502
                assert (await answer.json())["message"].endswith("port is not open")
    finally:
        await other.kill()


async def test_private_traffic_needs_its_token(options: ApiParams, host: Ready, session: aiohttp.ClientSession) -> None:
    sandbox = await AsyncSandbox.create(network={"allow_public_traffic": False}, **options)
    try:
        port = await own_port(sandbox)
        await serve(sandbox, port, "127.0.0.1")
        headers = {"Host": sandbox.get_host(port)}
        token = sandbox.traffic_access_token
        assert token
        for given, status in ((None, 403), ("wrong", 403), (token, 200)):
            extra = {} if given is None else {"e2b-traffic-access-token": given}
            async with session.get(host.traffic_url, headers=headers | extra) as answer:
                assert answer.status == status
                if status == 200:
                    told = await answer.json(content_type=None)
                    assert "e2b-traffic-access-token" not in told["headers"]
        assert await sandbox.files.write("x", "envd needs none")
    finally:
        await sandbox.kill()


async def test_envds_private_calls_are_not_reached(
    sandbox: AsyncSandbox, host: Ready, session: aiohttp.ClientSession
) -> None:
    routed = {"E2b-Sandbox-Id": sandbox.sandbox_id}
    for path in ("/init", "//init", "/init/", "/%69nit"):
        url = URL(host.traffic_url + path, encoded=True)
        async with session.post(url, json={}, headers=routed) as answer:
            assert answer.status == 404


async def test_a_server_that_speaks_tls_is_reached_where_that_was_said(
    options: ApiParams, session: aiohttp.ClientSession, host: Ready
) -> None:
    sandbox = await AsyncSandbox.create(network={"https_ports": [3443]}, timeout=60, **options)
    assert ((await sandbox.get_info()).network or {}).get("https_ports") == [3443]
    subject = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=own -days 1"
    await sandbox.commands.run(f"openssl req -x509 -nodes {subject} -keyout key -out cert")
    secured = SERVER.replace("http.createServer(", "https.createServer(KEYS, ").replace("'http'", "'https'")
    secured = secured.replace("const http =", "const https =").replace(
        "KEYS", "{key: require('fs').readFileSync('key'), cert: require('fs').readFileSync('cert')}"
    )
    heard = asyncio.Event()
    for port, text in ((3443, secured), (3000, SERVER)):
        await sandbox.files.write(f"{port}.js", text.replace("PORT", str(port)).replace("HOST", "'127.0.0.1'"))
        heard.clear()
        await sandbox.commands.run(f"node {port}.js", background=True, timeout=0, on_stdout=lambda _: heard.set())
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            await heard.wait()
    for port in (3443, 3000):
        headers = {"E2b-Sandbox-Id": sandbox.sandbox_id, "E2b-Sandbox-Port": str(port)}
        async with session.post(f"{host.traffic_url}/a", headers=headers, data=b"body") as answer:
            assert (answer.status, (await answer.json(content_type=None))["body"]) == (200, "Ym9keQ==")
    await sandbox.kill()
