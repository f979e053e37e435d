"""What the gateway costs: a small server asked directly, through it, and through nginx, each a process of its own.

Run: pytest tests/bench/bench_gateway.py -m bench -s
nginx (Debian: `apt-get install nginx-light`) is the yardstick; CRAFT_BENCH_NGINX names another program than the one
on the path. Without one, its line says so.
"""

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
from aiohttp import web

from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.pages import Pages
from craft_desktop.preview.routes import Upstream

pytestmark = [pytest.mark.bench, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "resources" / "pages"
ROUNDS = 3000  # one after the other; enough for a stable median
LOAD_S = 4.0
LOAD_WORKERS = 16  # six connections a page, some pages
BODY = b"x" * 2048  # about what a hot update carries
ADDED_LIMIT_MS = 1.0  # the aim
# What a browser sends with a request for a script.
REQUEST = (
    b"GET /_next/static/chunks/app.js HTTP/1.1\r\nHost: shop.localhost\r\nConnection: keep-alive\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0\r\n"
    b"Accept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n"
    b"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n"
    b"Referer: http://shop.localhost/\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n\r\n"
)
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream app {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://app; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Connection ""; proxy_set_header Host 3000-box.localhost;
      proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""


async def _serve() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=BODY, content_type="text/javascript")

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _tell(runner.addresses[0][1])
    await asyncio.Event().wait()


async def _pass_on(upstream_port: str) -> None:
    async with Gateway(0, Pages(PAGES)) as gateway:
        gateway.serve("shop", Upstream(f"http://127.0.0.1:{upstream_port}", f"3000-box.localhost:{upstream_port}"))
        _tell(gateway.port)
        await asyncio.Event().wait()


def _tell(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


@contextmanager
def _process(*arguments: str) -> Iterator[int]:
    command = [sys.executable, __file__, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def _nginx(program: str, folder: Path, upstream: int, port: int) -> Iterator[int]:
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, upstream=upstream, port=port))
    command = [program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as process:
        try:
            yield port
        finally:
            process.terminate()


class Client:
    """One connection that asks as fast as it is answered; as thin as Python allows, for it shares the machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        deadline = time.monotonic() + 10
        while True:
            try:
                return cls(*await asyncio.open_connection("127.0.0.1", port))
            except ConnectionError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def ask(self) -> None:
        self._writer.write(REQUEST)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        if b"chunked" in head.lower():
            while await self._reader.readuntil(b"\r\n") != b"0\r\n":
                pass
            await self._reader.readexactly(2)
        else:
            assert len(await self._reader.readexactly(len(BODY))) == len(BODY)


async def _measure(port: int) -> tuple[list[float], float]:
    times = []
    async with await Client.connect(port) as client:
        for number in range(ROUNDS * 2):  # the first half warms up
            start = time.perf_counter()
            await client.ask()
            if number >= ROUNDS:
                times.append((time.perf_counter() - start) * 1000)
    end = time.perf_counter() + LOAD_S

    async def work() -> int:
        count = 0
        async with await Client.connect(port) as one:
            while time.perf_counter() < end:
                await one.ask()
                count += 1
        return count

    rate = sum(await asyncio.gather(*(work() for _ in range(LOAD_WORKERS)))) / LOAD_S
    return sorted(times), rate


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_gateway_against_direct_and_nginx(tmp_path: Path) -> None:
    program = os.environ.get("CRAFT_BENCH_NGINX") or shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    medians: dict[str, float] = {}
    with _process("serve") as upstream, _process("pass-on", str(upstream)) as gateway:
        _report("direct", upstream, medians)
        _report("gateway", gateway, medians)
        if program:
            with _nginx(program, tmp_path, upstream, _free_port()) as port:
                _report("nginx", port, medians)
        else:
            sys.stdout.write("\nnginx    is not on this machine (apt-get install nginx-light)")
    sys.stdout.write("\n")
    assert medians["gateway"] - medians["direct"] < ADDED_LIMIT_MS


def _report(name: str, port: int, medians: dict[str, float]) -> None:
    times, rate = asyncio.run(_measure(port))
    medians[name] = statistics.median(times)
    added = medians[name] - medians["direct"]
    sys.stdout.write(
        f"\n{name:8} median {medians[name]:.3f} ms (added {added:.3f}), p95 {times[int(ROUNDS * 0.95)]:.3f} ms, "
        f"{rate:.0f} requests/s with {LOAD_WORKERS} connections"
    )


if __name__ == "__main__":
    asyncio.run(_serve() if sys.argv[1] == "serve" else _pass_on(sys.argv[2]))
