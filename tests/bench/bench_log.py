"""A flood of log lines into the window: lines a second and the longest stall, beside QPlainTextEdit's own append.

.venv/bin/python -m tests.bench.bench_log [--lines 100000] [--rounds 3]

In one run, one after the other and alternating: this program's log pane, fed through the whole way that a line takes
(workbench's logbook, bridge, window, pane), and a QPlainTextEdit to which each line is appended. Both are shown at the
same size with the same limit of lines. A feeder hands over as many lines each millisecond as a second's even flow
would; a timer of no interval runs beside it, and the longest time between two of its ticks is the stall, less the time
in which the thread could have worked but others had the processors.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit

import qasync  # isort: skip

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.ui import guard
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_view import LINES
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.pauses import Pauses
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.theme import Theme
from craft_desktop.workbench.logbook import Logbook
from tests.bench.pulse import Gap, Pulse
from tests.ui import stand_in as S

ROOT = Path(__file__).resolve().parents[2]
FEED_S = 0.001
"""Between two handings-over: a pipe that is read as fast as it fills."""


def lines(count: int) -> list[str]:
    """Lines as tools print them: a third coloured, some with a place, some long."""
    made = []
    for number in range(count):
        match number % 6:
            case 0:
                made.append(f" \x1b[32m✓\x1b[39m Compiled /page-{number} in \x1b[1m{number % 900}ms\x1b[22m")
            case 1:
                made.append(f" GET /products/{number} \x1b[32m200\x1b[39m in {number % 90}ms")
            case 2:
                made.append(f"    at Page (app/(shop)/[slug]/page.tsx:{number % 300}:7)")
            case 3:
                made.append(f"transforming ({number}) node_modules/package-{number}/dist/index.js")
            case 4:
                made.append(f"npm http fetch GET 200 https://registry.example/package-{number} {number % 70}ms (cache)")
            case _:
                made.append(f"{number} " + "a longer line that runs on beyond the edge of the pane " * 3)
    return made


async def flood(texts: list[str], take: Callable[[str], None], is_done: Callable[[], bool]) -> tuple[float, list[Gap]]:
    """Feed all lines at 100,000 a second, or as fast as they are taken; answer the seconds and the gaps."""
    pulse = Pulse()
    begun = time.perf_counter()
    given = 0
    while given < len(texts):
        due = min(len(texts), int((time.perf_counter() - begun) * 100_000) + 1)
        # No more at once than a millisecond's share: the stall to be seen is the view's, not the feeder's own.
        for text in texts[given : min(due, given + 200)]:
            take(text)
        given = min(due, given + 200)
        await asyncio.sleep(FEED_S if given >= due else 0)
    while not is_done():
        await asyncio.sleep(FEED_S)
    took = time.perf_counter() - begun
    await asyncio.sleep(0.2)
    return took, pulse.stop()


async def ours(texts: list[str], theme: Theme, icons: Icons) -> tuple[float, list[Gap]]:
    bench = S.StandIn((S.make_project(1, "shop-front"),))
    bench.sessions["p1"] = S.run_to("p1", 5)
    book = Logbook(lambda text: text)
    with tempfile.TemporaryDirectory() as home:
        bridge = Bridge(bench)
        window = MainWindow(bridge, theme, icons, Placement(Path(home)), Path(home) / "pages")
        window.resize(1280, 800)
        window.show()
        assert window.pane is not None
        window.pane.log_pane.show_stream(Stream.SERVER)
        await asyncio.sleep(0.5)
        view = window.pane.log_pane.views[Stream.SERVER]

        def take(text: str) -> None:
            for event in book.take(LogLine("p1", Stream.SERVER, text, time.time())):
                bench.tell(event)

        result = await flood(texts, take, lambda: not view.is_busy)
        assert view.toPlainText().endswith(texts[-1][-30:].replace("\x1b[22m", "")), "the last line is not in sight"
        await bridge.aclose()
        window.hide()
        window.deleteLater()
        await asyncio.sleep(0.1)
    return result


async def plain(texts: list[str], theme: Theme) -> tuple[float, list[Gap]]:
    view = QPlainTextEdit()
    view.setReadOnly(True)
    view.setFont(theme.mono)
    view.setMaximumBlockCount(LINES)
    view.setUndoRedoEnabled(False)
    view.resize(1000, 240)
    view.show()
    await asyncio.sleep(0.3)
    result = await flood(texts, view.appendPlainText, lambda: True)
    view.hide()
    view.deleteLater()
    return result


def told(name: str, count: int, took: float, gaps: list[Gap]) -> str:
    late = sum(gap.counted > 0.016 for gap in gaps)
    own = max(gap.own for gap in gaps)
    wall = max(gap.late for gap in gaps)
    return (
        f"{name:<32}{count / took:>8,.0f} lines/s   longest stall {1000 * gaps[0].counted:>6.1f} ms "
        f"(by its own work {1000 * own:>5.1f} ms, with what others had {1000 * wall:>6.1f} ms)   "
        f"99.9 % below {1000 * gaps[len(gaps) // 1000].counted:>5.1f} ms   {late} above 16 ms"
    )


async def main(theme: Theme, icons: Icons, count: int, rounds: int) -> None:
    texts = lines(count)
    Pauses(lambda: True).begin()  # as the program does when it begins
    for _ in range(rounds):
        print(told("log pane, through the window", count, *await ours(texts, theme, icons)))  # noqa: T201
        print(told("QPlainTextEdit.appendPlainText", count, *await plain(texts, theme)), flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    guard.prepare(os.environ, guard.effective_user())
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    the_theme = Theme(app, ROOT / "resources")
    loop.run_until_complete(main(the_theme, Icons(the_theme, ROOT / "resources"), options.lines, options.rounds))
    sys.stdout.flush()
    os._exit(0)
