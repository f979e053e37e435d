"""How long the window takes until it can be used, and its memory then, beside an empty window with a web view.

.venv/bin/python -m tests.bench.bench_startup [--rounds 7]

Each start is a process of its own, all kinds in turn, on the display that DISPLAY names. What is compared with is as
little as PySide6 can do: a QMainWindow around a QWebEngineView that shows about:blank. Taken are, since the process was
asked for: the moment after its first frame, the moment from which on its loop was idle (no gap of 16 ms for a quarter
of a second), and the processor's time until then, that of its children with it; then the memory of them all, where a
page shared by several counts in shares (PSS).
"""

import argparse
import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from craft_desktop.paths import find_paths
from craft_desktop.store.projects import ProjectStore

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"web view": 0, "nothing on the list": 0, "1 project": 1, "500 projects": 500}
"""What is started, with so many projects; the first is what the others are compared with."""
AIM = 1.5
LIMIT_S = 30.0
"""Ten times a slow start."""


def prepare(home: Path, count: int) -> None:
    """Put projects on a home's list."""
    paths = find_paths({"CRAFT_DESKTOP_HOME": str(home)})
    paths.prepare()
    if not count:
        return
    first = home / "projects" / "project-1"
    first.mkdir(parents=True)
    (first / "package.json").write_text('{"name": "project-1", "scripts": {"dev": "next dev"}}')
    ProjectStore(paths.state).add(first, "project-1", 1000.0)
    file = paths.state / "projects.json"
    (one,) = json.loads(file.read_text())
    more = [
        {**one, "id": f"id-{n}", "slug": f"project-{n}", "name": f"project-{n}", "path": str(home / f"project-{n}")}
        for n in range(2, count + 1)
    ]
    file.write_text(json.dumps([one, *more]))


def start(kind: str, home: Path) -> dict[str, float]:
    """Start one, and give its figures once it is idle."""
    environment = {**os.environ, "CRAFT_DESKTOP_HOME": str(home), "BENCH_BEGUN": str(time.monotonic())}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.started", *(["--web-view"] if kind == "web view" else [])],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], LIMIT_S)[0]:
            process.kill()
            raise TimeoutError(f"{kind}: not idle after {LIMIT_S:.0f} s")
        figures: dict[str, float] = json.loads(process.stdout.readline())
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        figures["processes"] = len(family)
        figures["cpu"] += sum(sum(each.cpu_times()[:2]) for each in family[1:])
        figures["PSS"] = sum(each.memory_full_info().pss for each in family) / 1e6
        process.kill()  # its children see that it is gone; how it ends is not measured here
    return figures


def main(rounds: int) -> None:
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        homes = {kind: Path(folder) / str(number) for number, kind in enumerate(KINDS)}
        for kind, count in KINDS.items():
            prepare(homes[kind], count)
        for number in range(rounds + 1):
            for kind in KINDS:
                figures = start(kind, homes[kind])
                if number:  # the first round warms the disk's cache
                    found[kind].append(figures)
    middle = {
        kind: {name: statistics.median(each[name] for each in all_) for name in all_[0]} for kind, all_ in found.items()
    }
    plain = middle["web view"]
    print(f"medians of {rounds} starts each, load {os.getloadavg()[0]:.1f}")  # noqa: T201
    for kind, figures in middle.items():
        ratio = figures["idle"] / plain["idle"]
        spread = sorted(each["idle"] for each in found[kind])
        print(  # noqa: T201
            f"{kind:<20} first frame {1000 * figures['frame']:5.0f} ms   idle {1000 * figures['idle']:5.0f} ms "
            f"({1000 * spread[0]:.0f}-{1000 * spread[-1]:.0f}, x {ratio:4.2f}; aim {AIM})   "
            f"processor {1000 * figures['cpu']:5.0f} ms   PSS {figures['PSS']:4.0f} MB "
            f"(x {figures['PSS'] / plain['PSS']:4.2f}) in {figures['processes']:.0f} processes"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    main(parser.parse_args().rounds)
