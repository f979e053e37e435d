"""The longest time that the window does not answer a person's hands: scrolling, resizing and typing while it has to do.

.venv/bin/python -m tests.bench.bench_hands [--rounds 3]

The program's window with 500 projects on the display that DISPLAY names. Events are posted as the system would send
them, one a frame; each is followed until what it changed has been painted. First at rest, then while a project installs
and its files are sent: 500 lines a second and 50 pushes, through the whole way that they take. A timer of no interval
runs beside it; told is the longest time between two of its ticks, less the time in which others had the processors.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import qasync  # isort: skip

from craft_desktop.model.events import LogLine, Pushed, SessionChanged, Stream
from craft_desktop.tasks import Owner
from craft_desktop.ui import guard
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.pauses import Pauses
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.theme import Theme
from tests.bench.bench_log import lines
from tests.bench.pulse import Pulse
from tests.ui import stand_in as S

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
PROJECTS = 500
FRAME_S = 1 / 60
TIMES = 120
"""Two seconds of each."""
LINES_A_FRAME, FRAMES_A_PUSH = 8, 1
LETTERS = "project-4"


def scroll(window: MainWindow, number: int) -> None:
    """Turn the wheel by one notch: down the list, and up again."""
    viewport = window.project_list.view.viewport()
    turn = QPoint(0, -120 if number < TIMES // 2 else 120)
    at = QPointF(viewport.rect().center())
    event = QWheelEvent(
        at,
        QPointF(viewport.mapToGlobal(at)),
        QPoint(),
        turn,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.postEvent(viewport, event)


def resize(window: MainWindow, number: int) -> None:
    """Draw at the window's corner."""
    step = number if number < TIMES // 2 else TIMES - number
    window.resize(900 + 8 * step, 600 + 4 * step)


def type_letter(window: MainWindow, number: int) -> None:
    """Type into the filter, and take it back."""
    field = window.project_list.filter
    is_forth = (number // len(LETTERS)) % 2 == 0
    if is_forth:
        QTest.keyClicks(field, LETTERS[number % len(LETTERS)])
    else:
        QTest.keyClick(field, Qt.Key.Key_Backspace)


HANDS: dict[str, Callable[[MainWindow, int], None]] = {"scroll": scroll, "resize": resize, "type": type_letter}


async def flow(bench: S.StandIn) -> None:
    """Install and push, without an end."""
    texts = lines(6_000)
    number = 0
    while True:
        for _ in range(LINES_A_FRAME):
            number += 1
            bench.tell(LogLine("p1", Stream.INSTALL, texts[number % len(texts)], time.time()))
        bench.logs.clear()  # the stand-in keeps all of them
        if number % (LINES_A_FRAME * FRAMES_A_PUSH) == 0:
            bench.tell(Pushed("p1", 1, 0, 2_000, 10.0, number, time.time(), time.time()))
        await asyncio.sleep(FRAME_S)


async def main(theme: Theme, icons: Icons, rounds: int) -> None:
    bench = S.StandIn(tuple(S.make_project(number, f"project-{number}") for number in range(1, PROJECTS + 1)))
    with tempfile.TemporaryDirectory() as home:
        bridge = Bridge(bench)
        window = MainWindow(bridge, theme, icons, Placement(Path(home)), Path(home) / "pages")
        Pauses(lambda: True).begin()
        window.show()
        window.activateWindow()
        await asyncio.sleep(0.5)
        for is_busy in (False, True):
            owner = Owner("bench")
            if is_busy:
                bench.tell(SessionChanged(S.run_to("p1", 3)))
                owner.start(flow(bench), name="flow")
            for name, act in HANDS.items():
                worst = []
                for _ in range(rounds):
                    pulse = Pulse()
                    for number in range(TIMES):
                        act(window, number)
                        await asyncio.sleep(FRAME_S)
                    gaps = pulse.stop()
                    worst.append((gaps[0].counted, max(gap.own for gap in gaps)))
                    window.project_list.filter.clear()
                    await asyncio.sleep(0.2)
                words = ", ".join(f"{1000 * late:.1f} (most work {1000 * own:.1f})" for late, own in worst)
                print(f"{'while it installs' if is_busy else 'at rest':<18} {name:<7} longest ms: {words}")  # noqa: T201
            await owner.aclose()
        await bridge.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    guard.prepare(os.environ, guard.effective_user())
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    the_theme = Theme(app, RESOURCES)
    loop.run_until_complete(main(the_theme, Icons(the_theme, RESOURCES), options.rounds))
    sys.stdout.flush()
    os._exit(0)
