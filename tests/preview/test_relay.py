import asyncio
import datetime
import gzip
import hashlib
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.routes import Upstream

StartServer = Callable[[Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]], Awaitable[Upstream]]
RawExchange = Callable[[bytes], Awaitable[bytes]]

UPLOAD_BYTES = 200 * 1024 * 1024
CHUNK = bytes(range(256)) * 256


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
async def test_methods_paths_and_bodies_pass_as_they_are(
    gateway: Gateway, raw_exchange: RawExchange, start_server: StartServer, method: str
) -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        return web.Response(text=f"{request.method} {request.raw_path} {body.decode()}")

    gateway.serve("shop", await start_server(echo))
    path = "//a/../b%2Fc/%E2%82%AC;v=1?x=%2F&y=a+b&&z"
    body = b"" if method == "GET" else b"body"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    answer = await raw_exchange(head.encode() + body)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(f"{method} {path} {body.decode()}".encode())


@pytest.mark.parametrize(
    "path",
    [
        "/[x]|{y}^`",
        "/\\\\evil.example",
        "/%zz%",
        "/\u20ac",
        "/a?b?c=d",
        "/.",
        "/..",
        "//",
        "/;@evil.example:1/",
        "/a%00b",
        "/a%0d%0ab",
    ],
)
async def test_odd_paths_pass_unread_or_not_at_all(gateway: Gateway, raw_exchange: RawExchange, path: str) -> None:
    reached: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway.serve("shop", Upstream(f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"))
        answer = await raw_exchange(
            f"GET {path} HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n".encode()
        )
    if answer.startswith(b"HTTP/1.1 200 "):
        assert reached == [f"GET {path} HTTP/1.1".encode()]
    else:
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        assert reached == []


async def test_answer_has_the_upstreams_headers_and_none_of_ours(gateway: Gateway, raw_exchange: RawExchange) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 299 Odd Reason\r\nX-A: 1\r\nX-A: 2\r\nDate: today\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway.serve("shop", Upstream(f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"))
        answer = await raw_exchange(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 299 Odd Reason"
    assert sorted(lines[1:]) == [b"Connection: close", b"Content-Length: 2", b"Date: today", b"X-A: 1", b"X-A: 2"]
    assert body == b"ok"


@pytest.mark.parametrize(
    ("method", "status", "length"), [("HEAD", 200, "1234"), ("GET", 304, None), ("GET", 204, None)]
)
async def test_answers_without_a_body(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, method: str, status: int, length: str
) -> None:
    async def answer_empty(request: web.BaseRequest) -> web.Response:
        headers = {"ETag": '"1"', **({"Content-Length": length} if length else {})}
        return web.Response(status=status, headers=headers)

    gateway.serve("shop", await start_server(answer_empty))
    for _ in range(2):  # the second goes over the kept connection, and would meet a stray body
        async with browser.request(method, gateway.url("shop")) as answer:
            assert answer.status == status
            assert answer.headers["ETag"] == '"1"'
            assert answer.headers.get("Content-Length") == length
            assert await answer.read() == b""


async def test_compressed_bodies_are_not_touched(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    packed = gzip.compress(b"x" * 5000)

    async def echo(request: web.BaseRequest) -> web.Response:
        assert request.headers["Content-Encoding"] == "gzip"
        return web.Response(body=await request.read(), headers={"Content-Encoding": "gzip"})

    gateway.serve("shop", await start_server(echo))
    headers = {"Content-Encoding": "gzip"}
    async with browser.post(gateway.url("shop"), data=packed, headers=headers) as answer:
        assert answer.headers["Content-Length"] == str(len(packed))
        assert await answer.read() == b"x" * 5000  # unpacked by this client, not on the way


async def test_range_passes(gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer) -> None:
    async def serve(request: web.BaseRequest) -> web.Response:
        asked = request.http_range
        headers = {"Content-Range": f"bytes {asked.start}-{asked.stop - 1}/{len(CHUNK)}", "Accept-Ranges": "bytes"}
        return web.Response(status=206, body=CHUNK[asked], headers=headers)

    gateway.serve("shop", await start_server(serve))
    async with browser.get(gateway.url("shop"), headers={"Range": "bytes=10-19"}) as answer:
        assert (answer.status, answer.headers["Content-Range"]) == (206, "bytes 10-19/65536")
        assert await answer.read() == CHUNK[10:20]


async def test_stream_arrives_piece_by_piece(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    go_on = asyncio.Event()

    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(b"first")
        await go_on.wait()
        await response.write(b"second")
        return response

    gateway.serve("shop", await start_server(stream))
    async with asyncio.timeout(10), browser.get(gateway.url("shop")) as answer:
        assert await answer.content.readexactly(5) == b"first"
        go_on.set()
        assert await answer.content.read() == b"second"


async def test_upload_streams_while_the_answer_comes(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    heard = asyncio.Event()

    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for chunk in request.content.iter_any():
            await response.write(chunk)
        return response

    async def talk() -> AsyncIterator[bytes]:
        yield b"one"
        await heard.wait()
        yield b"two"

    gateway.serve("shop", await start_server(echo))
    async with asyncio.timeout(10), browser.post(gateway.url("shop"), data=talk()) as answer:
        assert await answer.content.readexactly(3) == b"one"
        heard.set()
        assert await answer.content.read() == b"two"


async def test_large_upload_needs_no_memory(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    async def digest(request: web.BaseRequest) -> web.Response:
        found = hashlib.md5(usedforsecurity=False)
        async for chunk in request.content.iter_any():
            found.update(chunk)
        return web.Response(text=f"{request.headers['Content-Length']} {found.hexdigest()}")

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(UPLOAD_BYTES // len(CHUNK)):
            yield CHUNK

    gateway.serve("shop", await start_server(digest))
    expected = hashlib.md5(usedforsecurity=False)
    for _ in range(UPLOAD_BYTES // len(CHUNK)):
        expected.update(CHUNK)
    tracemalloc.start()
    try:
        async with browser.post(
            gateway.url("shop"), data=upload(), headers={"Content-Length": str(UPLOAD_BYTES)}
        ) as answer:
            assert await answer.text() == f"{UPLOAD_BYTES} {expected.hexdigest()}"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024  # client, gateway and server together hold some buffers of 64 KiB to 2 MiB


async def test_client_that_goes_away_ends_the_upstreams_side(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def wait_forever(request: web.BaseRequest) -> web.StreamResponse:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return web.Response()

    gateway.serve("shop", await start_server(wait_forever))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        asked = group.create_task(browser.get(gateway.url("shop")).__aenter__())
        await started.wait()
        asked.cancel()
    async with asyncio.timeout(10):
        await ended.wait()


async def test_head_of_a_stream_does_not_wait_for_its_body(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    seen = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await seen.wait()
        await response.write(b"data: 1\n\n")
        return response

    gateway.serve("shop", await start_server(answer))
    async with asyncio.timeout(10), browser.get(gateway.url("shop")) as got:
        assert got.status == 200
        seen.set()
        assert await got.read() == b"data: 1\n\n"


async def test_broken_off_answer_does_not_look_whole(gateway: Gateway, browser: aiohttp.ClientSession) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(break_off, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway.serve("shop", Upstream(f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"))
        async with browser.get(gateway.url("shop")) as answer:
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()


async def test_continue_is_answered_before_the_body_is_sent(gateway: Gateway, start_server: StartServer) -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        assert "Expect" not in request.headers
        return web.Response(body=await request.read())

    gateway.serve("shop", await start_server(echo))
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    async with asyncio.timeout(10):
        writer.write(
            b"POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 4\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        assert (await reader.read()).endswith(b"\r\n\r\nbody")
    writer.close()
    await writer.wait_closed()


async def test_big_headers_and_many_of_them_pass(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    cookie = "a=" + "x" * 30_000

    async def echo(request: web.BaseRequest) -> web.Response:
        answer = web.Response(text=str(len(request.headers["Cookie"])))
        for number in range(200):
            answer.headers.add("Link", f"</{number}>; rel=preload")
        return answer

    # The small server of this test refuses such headers itself; give it room.
    runner = web.ServerRunner(web.Server(echo, max_field_size=65536), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    gateway.serve("shop", Upstream(f"http://{host}:{port}", f"{host}:{port}"))
    request = f"GET / HTTP/1.1\r\nHost: shop.localhost\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    await runner.cleanup()
    assert answer.count(b"Link:") == 200
    assert answer.endswith(str(len(cookie)).encode())


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext:
    """Give a server's context for localhost, and let this process trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    both = tmp_path / "server.pem"
    both.write_bytes(
        pem
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    trusting = ssl.create_default_context(cadata=pem.decode())
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)  # aiohttp's default, made at import
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(both)
    return server


async def test_public_upstream_over_tls(gateway: Gateway, browser: aiohttp.ClientSession, tls: ssl.SSLContext) -> None:
    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        assert request.headers["E2B-Traffic-Access-Token"] == "secret"
        assert request.headers["Host"] == "3000-box.e2b.example"
        if "Upgrade" not in request.headers:
            return web.Response(text=request.headers["Origin"])
        answer = web.WebSocketResponse(max_msg_size=0)
        await answer.prepare(request)
        async for message in answer:
            await answer.send_bytes(message.data)
        return answer

    runner = web.ServerRunner(web.Server(serve, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    port = runner.addresses[0][1]
    token = {"E2B-Traffic-Access-Token": "secret"}
    gateway.serve("shop", Upstream(f"https://localhost:{port}", "3000-box.e2b.example", token))
    origin = {"Origin": gateway.url("shop").rstrip("/")}
    async with asyncio.timeout(20):
        async with browser.get(gateway.url("shop"), headers=origin) as answer:
            assert await answer.text() == "https://3000-box.e2b.example"
        async with browser.ws_connect(gateway.url("shop"), headers=origin, max_msg_size=0) as ws:
            await ws.send_bytes(CHUNK * 30)
            assert await ws.receive_bytes() == CHUNK * 30
    await runner.cleanup()


async def test_certificate_that_nobody_vouches_for_is_refused(
    gateway: Gateway, browser: aiohttp.ClientSession, tls: ssl.SSLContext
) -> None:
    async def serve(request: web.BaseRequest) -> web.Response:
        return web.Response(text="reached")

    runner = web.ServerRunner(web.Server(serve, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    port = runner.addresses[0][1]
    gateway.serve("shop", Upstream(f"https://127.0.0.1:{port}", "3000-box.e2b.example"))  # not the certificate's name
    async with browser.get(gateway.url("shop")) as answer:
        assert answer.status == 503
    await runner.cleanup()
