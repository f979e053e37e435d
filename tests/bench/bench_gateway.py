"""What the gateway costs: a small server asked directly and through it, each in a process of its own.

Run: pytest tests/bench/bench_gateway.py -m bench -s
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.pages import Pages
from craft_desktop.preview.routes import Upstream

pytestmark = [pytest.mark.bench, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "resources" / "pages"
ROUNDS = 2000  # one after the other; enough for a stable median
LOAD_S = 4.0
LOAD_WORKERS = 16  # six connections a page, some pages
BODY = b"x" * 2048  # about what a hot update carries
ADDED_LIMIT_MS = 1.0  # the aim


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
def _process(*arguments: str) -> Iterator[str]:
    command = [sys.executable, __file__, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def _latency_ms(session: aiohttp.ClientSession, url: str) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        async with session.get(url, headers={"Host": "shop.localhost"}) as answer:
            await answer.read()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)


async def _requests_per_s(session: aiohttp.ClientSession, url: str) -> float:
    end = time.perf_counter() + LOAD_S

    async def work() -> int:
        count = 0
        while time.perf_counter() < end:
            async with session.get(url, headers={"Host": "shop.localhost"}) as answer:
                await answer.read()
            count += 1
        return count

    return sum(await asyncio.gather(*(work() for _ in range(LOAD_WORKERS)))) / LOAD_S


async def test_gateway_against_direct() -> None:
    with _process("serve") as upstream_port, _process("pass-on", upstream_port) as gateway_port:
        await _compare(upstream_port, gateway_port)


async def _compare(upstream_port: str, gateway_port: str) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        medians = []
        for name, port in (("direct", upstream_port), ("gateway", gateway_port)):
            url = f"http://127.0.0.1:{port}/"
            await _latency_ms(session, url)  # warms up
            times = await _latency_ms(session, url)
            rate = await _requests_per_s(session, url)
            medians.append(statistics.median(times))
            sys.stdout.write(
                f"\n{name:8} median {medians[-1]:.3f} ms, p95 {times[int(ROUNDS * 0.95)]:.3f} ms, {rate:.0f} requests/s"
            )
    added = medians[1] - medians[0]
    sys.stdout.write(f"\nadded    median {added:.3f} ms\n")
    assert added < ADDED_LIMIT_MS


if __name__ == "__main__":
    asyncio.run(_serve() if sys.argv[1] == "serve" else _pass_on(sys.argv[2]))
