"""What a start costs beside a terminal's, on the same folder: `pytest -m bench -s tests/bench/bench_starts.py`.

A real Next.js project. First start against `npm install && npm run dev` (both with an empty npm cache), second start
against `npm run dev` with everything there, and another project with the same lock file against the former.
"""

import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from craft_desktop.model.events import Event, LogLine
from craft_desktop.model.session import Phase
from craft_desktop.paths import find_paths
from craft_desktop.sandbox.local_host import HOST_COMMAND, host_environment
from craft_desktop.workbench.activity import Activity
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import Workbench

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

STARTER = Path(__file__).parents[2] / "resources" / "starter"
LIMIT_S = 300.0
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))  # a first start is half a minute
PORT = 3999
# the aims of the issue
FIRST, OTHER, SECOND = 1.1, 0.5, 1.0


def copy(target: Path) -> Path:
    shutil.copytree(STARTER, target, ignore=shutil.ignore_patterns("node_modules", ".next"))
    return target


def terminal() -> dict[str, str]:
    """The environment of a terminal with the Node.js that sandboxes get."""
    told = subprocess.run([*HOST_COMMAND, "--check"], check=True, capture_output=True, env=host_environment())
    node = Path(json.loads(told.stdout)["node"]["path"]).parent
    return {**os.environ, "PATH": f"{node}:{os.environ['PATH']}", "NEXT_TELEMETRY_DISABLED": "1"}


async def bare(folder: Path, cache: Path, *, install: bool) -> float:
    """Seconds to the first page in a terminal."""
    environment = {**terminal(), "NPM_CONFIG_CACHE": str(cache)}
    steps = (["npm install --legacy-peer-deps --no-audit --no-fund"] if install else []) + [
        f"exec npm run dev -- -H 127.0.0.1 -p {PORT}"
    ]
    start = time.monotonic()
    with subprocess.Popen(  # noqa: ASYNC220 -- it returns at once
        ["bash", "-c", " && ".join(steps)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            await page(f"http://127.0.0.1:{PORT}/")
            took = time.monotonic() - start
            await asyncio.sleep(QUIET_S)  # the framework writes its cache, as it may in ours
            return took
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


# As long as ours has before its image is taken.
QUIET_S = 8.0


async def page(url: str, host: str = "") -> None:
    async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(url, headers={"Host": host} if host else {}) as answer:
                    if answer.status == 200 and b"<html" in await answer.read():
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)


class Log:
    """Every activity line, and a way to wait for one."""

    def __init__(self, workbench: Workbench) -> None:
        self.lines: list[str] = []
        self._more = asyncio.Event()
        workbench.subscribe(self._take)

    def _take(self, event: Event) -> None:
        if isinstance(event, LogLine) and event.stream == "activity":
            self.lines.append(event.text)
            self._more.set()

    async def until(self, wanted: Callable[[str], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not any(wanted(line) for line in self.lines):
                self._more.clear()
                await self._more.wait()


async def ours(workbench: Workbench, folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds from Start to the first page through the gateway, and by step."""
    project = await workbench.add(folder)
    host = workbench.address(project.id).split("/")[2]
    start = time.monotonic()
    await workbench.open(project.id)
    session = workbench.session(project.id)
    assert session.phase is Phase.LIVE, session.problem
    await page(f"http://127.0.0.1:{host.rsplit(':', 1)[1]}/", host)
    return time.monotonic() - start, {record.step.value: round(record.seconds or 0, 2) for record in session.steps}


def tell(what: str, plain: list[float], own: list[float]) -> float:
    ratio = statistics.median(own) / statistics.median(plain)
    sys.stdout.write(
        f"\n{what:44} bare {statistics.median(plain):6.2f} s   ours {statistics.median(own):6.2f} s   x {ratio:5.2f}\n"
    )
    return ratio


async def test_starts(tmp_path: Path) -> None:
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ("first", "second", "other")}
    for number in range(ROUNDS):
        root = tmp_path / str(number)
        plain = copy(root / "bare" / "project")
        first = await bare(plain, root / "npm", install=True)
        times["first"][0].append(first)
        times["other"][0].append(first)
        times["second"][0].append(await bare(plain, root / "npm", install=False))
        paths = find_paths({"CRAFT_DESKTOP_HOME": str(root / "home")})
        async with AsyncExitStack() as stack:
            workbench = await stack.enter_async_context(open_workbench(paths))
            log = Log(workbench)
            one, other = copy(root / "one"), copy(root / "other")
            (other / "app" / "page.tsx").write_text("export default () => <main>another</main>;\n")
            for name, folder in (("first", one), ("second", one), ("other", other)):
                took, steps = await ours(workbench, folder)
                sys.stdout.write(f"\n  {name}: {took:.2f} s {steps}")
                times[name][1].append(took)
                if name == "first":
                    await log.until(lambda line: "for other projects" in line)
                await asyncio.sleep(1)
                await workbench.close((await workbench.add(folder)).id)
            sys.stdout.write("\n  " + "\n  ".join(log.lines) + "\n")
        shutil.rmtree(root)
    ratios = {name: tell(f"{name} start", *pair) for name, pair in times.items()}
    assert ratios["first"] <= FIRST
    assert ratios["other"] <= OTHER
    assert ratios["second"] <= SECOND


async def test_the_live_page_while_its_image_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest a request waits, beside the longest in as many seconds before: a snapshot ends with a freeze.

    An image waits for nobody to use the page: here its use counts for the first seconds alone.
    """
    began = time.monotonic()
    monkeypatch.setattr(Activity, "idle_s", property(lambda _: max(0.0, time.monotonic() - began)))
    paths = find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "home")})
    async with open_workbench(paths) as workbench:
        log = Log(workbench)
        folder = copy(tmp_path / "one")
        await ours(workbench, folder)
        began = time.monotonic()
        host = workbench.address((await workbench.add(folder)).id).split("/")[2]
        waits: list[tuple[float, float]] = []
        async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as http:
            while not any("for later starts" in line for line in log.lines):
                start = time.monotonic()
                address = f"http://127.0.0.1:{host.rsplit(':', 1)[1]}/"
                async with http.get(address, headers={"Host": host}) as answer:
                    await answer.read()
                    assert answer.status == 200
                waits.append((start, time.monotonic() - start))
                await asyncio.sleep(0.01)
        # The image is taken after five quiet seconds: what was asked before then is the measure.
        first = waits[0][0]
        before = sorted(took for start, took in waits[5:] if start - first < 4.0)
        during = sorted(took for start, took in waits if start - first >= 4.0)
        sys.stdout.write(
            f"\nbefore: median {statistics.median(before) * 1000:.0f} ms, longest {before[-1] * 1000:.0f} ms;"
            f"  while taken: median {statistics.median(during) * 1000:.0f} ms, longest {during[-1] * 1000:.0f} ms\n"
        )
        assert during[-1] - before[-1] < MOST_STALL_S


# A person who reads the page feels nothing of it, and a hot-reload socket notices nothing.
MOST_STALL_S = 0.5
