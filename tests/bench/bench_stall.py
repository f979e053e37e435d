"""Who holds the window up during a whole start: add, push, install, first page, edit, stop, of the sample with Next.js.

.venv/bin/python -m tests.bench.bench_stall [--least 16]

The program itself, with its window on the display that DISPLAY names. A callback of the loop runs each millisecond; a
thread looks every 2 ms whether it is late, and takes the main thread's stack as long as it is. Of each time that it was
late three parts are told apart: its own work; what it waited for (disk, screen, another process); and the time in which
it could have worked but others had the processors, as the kernel counts it (schedstat). The last says how busy the
machine is, nothing about the program, and is not counted: told is what without it is longer than the limit, in which
part of the start, and the stack seen most.
"""

import argparse
import asyncio
import collections
import contextlib
import dataclasses
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from types import FrameType

from craft_desktop.control.server import open_served
from craft_desktop.model.events import Event, SessionChanged
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths, find_paths
from craft_desktop.tasks import Owner
from craft_desktop.ui import guard, shell
from craft_desktop.workbench.workbench import Workbench
from tests.bench.pulse import Clock, Gap

ROOT = Path(__file__).resolve().parents[2]
TICK_S, LOOK_S = 0.001, 0.002
LIMIT_S = 300.0
REST_S = 3.0
"""After each step: what follows it (images, hot reload) belongs to it."""
DEPTH = 7
"""Frames of a stack that are told."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stall:
    """One time that the loop was late: in which part of the start, and what stood on the stack."""

    gap: Gap
    step: str
    stack: str


class Watch:
    """Ticks on the loop, and a thread that looks."""

    def __init__(self, least_s: float) -> None:
        self._least_s = least_s
        self._loop = asyncio.get_running_loop()
        self._main = threading.get_ident()
        self._clock = Clock()
        self._last, (self._own, self._denied) = time.perf_counter(), self._clock.read()
        self._seen: collections.Counter[str] = collections.Counter()
        self._is_over = False
        self.step = "open"
        self.stalls: list[Stall] = []
        self.ticks = 0
        threading.Thread(target=self._look, daemon=True).start()
        self._tick()

    def _tick(self) -> None:
        now, (own, denied) = time.perf_counter(), self._clock.read()
        late = now - self._last - TICK_S
        if late > self._least_s:
            stack = self._seen.most_common(1)[0][0] if self._seen else "?"
            gap = Gap(late, own - self._own, denied - self._denied)
            self.stalls.append(Stall(gap, self.step, stack))
        self._seen.clear()
        self._last, self._own, self._denied = now, own, denied
        self.ticks += 1
        if not self._is_over:
            self._loop.call_later(TICK_S, self._tick)

    def _look(self) -> None:
        while not self._is_over:
            time.sleep(LOOK_S)
            if time.perf_counter() - self._last > self._least_s / 2:
                self._seen[told(sys._current_frames().get(self._main))] += 1

    def end(self) -> None:
        self._is_over = True


def told(frame: FrameType | None) -> str:
    """Tell a stack's last frames."""
    frames = traceback.extract_stack(frame)[-DEPTH:]
    return " > ".join(f"{Path(each.filename).stem}:{each.lineno} {each.name}" for each in frames)


async def drive(workbench: Workbench, folder: Path, watch: Watch) -> None:
    """Take the project through its life."""

    def follow(event: Event) -> None:
        if isinstance(event, SessionChanged) and event.session.is_active:
            watch.step = event.session.phase.value

    workbench.subscribe(follow)
    await asyncio.sleep(REST_S)
    watch.step = "add"
    project = await workbench.add(folder)
    await asyncio.sleep(REST_S)
    async with asyncio.timeout(LIMIT_S):
        await workbench.open(project.id)
    session = workbench.session(project.id)
    assert session.phase is Phase.LIVE, session.problem
    await asyncio.sleep(4 * REST_S)  # the page in the window, and the images
    watch.step = "edit"
    page = folder / "app" / "page.tsx"
    for number in range(3):
        page.write_text(f"export default function Page() {{ return <main>edit {number}</main>; }}\n")
        await asyncio.sleep(REST_S)
    watch.step = "stop"
    await workbench.close(project.id)
    await asyncio.sleep(REST_S)
    watch.end()


def main(least_s: float) -> None:
    found: list[Watch] = []
    owner = Owner("bench")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "sample"
        shutil.copytree(ROOT / "resources" / "starter", folder, ignore=shutil.ignore_patterns("node_modules", ".next"))

        @contextlib.asynccontextmanager
        async def bench(paths: Paths) -> AsyncIterator[Workbench]:
            async with open_served(paths) as workbench:

                async def life() -> None:
                    try:
                        await drive(workbench, folder, watch)
                    finally:
                        os.kill(os.getpid(), 15)  # the orderly end, as a person's system asks for it

                watch = Watch(least_s)
                found.append(watch)
                owner.start(life(), name="life")
                yield workbench

        guard.prepare(os.environ, guard.effective_user())
        code = shell.run([], find_paths({"CRAFT_DESKTOP_HOME": home}), bench)
    (watch,) = found
    print(f"exit {code}, {watch.ticks} ticks, load {os.getloadavg()[0]:.1f}")  # noqa: T201
    counted = sorted((each for each in watch.stalls if each.gap.counted > least_s), key=lambda each: -each.gap.counted)
    for each in counted:
        gap = each.gap
        print(  # noqa: T201
            f"{1000 * gap.counted:6.1f} ms (work {1000 * gap.own:6.1f}, waiting {1000 * (gap.counted - gap.own):6.1f}; "
            f"and denied {1000 * gap.denied:6.1f})  {each.step:<10} {each.stack}"
        )
    print(f"{len(counted)} above {1000 * least_s:.0f} ms; {len(watch.stalls) - len(counted)} more only by others")  # noqa: T201
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--least", type=float, default=16.0, help="milliseconds")
    main(parser.parse_args().least / 1000)
