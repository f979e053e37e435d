"""The memory of ten previews, known and shown, beside the same ten pages in ten plain views.

.venv/bin/python -m tests.bench.bench_memory [--rounds 3]

Each kind is a process of its own on the display that DISPLAY names, one after the other. The window is the program's,
with ten projects on its list that are live; each is chosen in turn, so that its page loads, and hidden by the next.
Beside it: a QMainWindow with ten QWebEngineViews side by side, at the sizes of a grid. Each project's page comes from
an address of its own, as in the program, from a server in the bench's process. Taken is the proportional memory (PSS)
of the whole tree of processes after 1, 5 and 10 pages; then nine hidden ones are put away, as when memory is short.
What the program then says it freed is held against what /proc says that those processes alone had (the program asks
for shares instead, in which what two of them have in common counts too), and against what the tree has less
afterwards, which has the files in it as well.
"""

import argparse
import http.server
import json
import os
import select
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
COUNTS = (1, 5, 10)
KINDS = ("window", "plain")
LIMIT_S = 120.0
"""For one step of one process: thirty times what it takes on a quiet machine."""
REST_S = 2.0
"""After a step: the engine gives back what loading alone needed."""
ROWS = 2_000
"""As many lines as a long page of a shop; its process has about 25 MB for itself."""
PAGE = "<!doctype html><title>{0}</title><h1>{0}</h1>" + "".join(
    f"<p id=row-{number}>{number}: a line of a page with <b>some</b> <a href=#row-{number}>parts</a></p>"
    for number in range(ROWS)
)


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGE.format(self.headers.get("Host", "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def pss(pid: int) -> int:
    """Give the bytes of a process and all below it; those of pages shared by several count in shares."""
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(each.memory_full_info().pss for each in tree)


def own(pid: int) -> int:
    """Give the bytes that one process has written to and nobody else has, added up area by area."""
    lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_Dirty:"))


def run(kind: str, port: int) -> dict[str, float]:
    """Take one kind through its steps; answer megabytes."""
    found: dict[str, float] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.shown", kind, str(port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            while True:
                if not select.select([process.stdout], [], [], LIMIT_S)[0]:
                    raise TimeoutError(f"{kind}: a step took longer than {LIMIT_S:.0f} s; so far {found}")
                told = json.loads(process.stdout.readline() or '{"step": "over"}')
                if told["step"] == "over":
                    return found
                time.sleep(REST_S)
                found[told["step"]] = pss(process.pid) / 1e6
                if told.get("pages"):
                    found["told"] = told["told"] / 1e6
                    found["by /proc"] = sum(own(pid) for pid in told["pages"]) / 1e6
                process.stdin.write("\n")
                process.stdin.flush()
        finally:
            process.kill()


def main(rounds: int) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        all_: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for kind in KINDS:
                all_[kind].append(run(kind, server.server_port))
        server.shutdown()
    middle = {
        kind: {name: statistics.median(each[name] for each in found) for name in found[0]}
        for kind, found in all_.items()
    }
    ours, plain = middle["window"], middle["plain"]
    print(f"medians of {rounds}, MB (PSS) of all processes, load {os.getloadavg()[0]:.1f}")  # noqa: T201
    for count in COUNTS:
        name = f"{count} shown"
        print(  # noqa: T201
            f"{name:<10} window {ours[name]:6.0f}   plain views {plain[name]:6.0f}   x {ours[name] / plain[name]:4.2f}"
        )
    freed = ours["10 shown"] - ours["put away"]
    left = ours["put away"]
    print(f"put away   window {left:6.0f}   x {left / plain['10 shown']:4.2f} of ten plain views")  # noqa: T201
    print(  # noqa: T201
        f"nine hidden pages: the program says {ours['told']:.1f}, /proc says {ours['by /proc']:.1f} "
        f"({100 * (ours['told'] / ours['by /proc'] - 1):+.1f} %), the tree has {freed:.1f} less afterwards"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    main(parser.parse_args().rounds)
