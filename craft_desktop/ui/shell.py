"""The running program: application, loop, workbench, window; and its end, with everything stopped."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import shiboken6
from PySide6.QtCore import QCoreApplication, QLoggingCategory, Qt
from PySide6.QtWidgets import QApplication

import qasync  # isort: skip  -- after PySide6: it takes the binding that is loaded

from craft_desktop.model.errors import CraftError, Problem
from craft_desktop.paths import Paths
from craft_desktop.tasks import Owner
from craft_desktop.ui import guard
from craft_desktop.ui.bridge import Bench, Bridge
from craft_desktop.ui.curtain import Curtain
from craft_desktop.ui.engine_ahead import EngineAhead
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.notifier import Notifier
from craft_desktop.ui.pauses import Pauses
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.theme import Theme

STOP_LIMIT_S = 20.0
"""Longer than any orderly end measured; after it the process leaves, and the sandboxes' host dies with it."""
STOPPING_SEEN_S = 0.3
"""So long the word “Stopping…” stays at least: a window that just vanishes looks like a crash."""
_NO_BUS = "qt.qpa.theme.dbus.warning=false\nqt.qpa.theme.gnome.warning=false"
"""Without a session bus a theme says that it does not hear of changes; nothing that a person could do follows."""
PROBLEM_SIZE = (640, 360)

_log = logging.getLogger(__name__)

OpenBench = Callable[[Paths], AbstractAsyncContextManager[Bench]]


def run(folders: list[Path], paths: Paths, open_bench: OpenBench) -> int:
    """Run the program in this thread until its window is closed or a signal comes.

    :param open_bench: opens the workbench, and all that belongs to it.
    """
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)  # for the web engine
    QLoggingCategory.setFilterRules(_NO_BUS)
    app = QApplication([sys.argv[0], *guard.theme_arguments(os.environ)])
    app.setApplicationName("craft-desktop")
    app.setApplicationDisplayName("Craft Desktop")
    app.setDesktopFileName("craft-desktop")
    app.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    theme = Theme(app, paths.resources)
    icons = Icons(theme, paths.resources)
    app.setWindowIcon(icons.application())
    code: int = loop.run_until_complete(_live(folders, paths, theme, icons, open_bench))
    return code


async def _live(folders: list[Path], paths: Paths, theme: Theme, icons: Icons, open_bench: OpenBench) -> int:
    asked = asyncio.Queue[None]()  # each entry: somebody wants the end
    _heed_signals(asked)
    stack = AsyncExitStack()
    try:
        bench = await stack.enter_async_context(open_bench(paths))
    except CraftError as error:
        _log.error("cannot begin: %s", error)
        return await _tell(error.problem, asked)
    bridge = Bridge(bench)
    window = MainWindow(bridge, theme, icons, Placement(paths.state), paths.state / "pages")
    window.quit_requested.connect(lambda: asked.put_nowait(None))
    pauses = Pauses(lambda: window.is_busy)
    pauses.begin()
    notifier = Notifier()
    window.presence.news.connect(notifier.tell)
    notifier.clicked.connect(window.come_forward)
    ahead = EngineAhead(window)
    bridge.session_changed.connect(ahead.heed)
    window.show()
    bridge.start_again()
    if folders:
        bridge.add(folders)
    await asked.get()

    pauses.end()
    window.show_stopping()
    seen_at = time.monotonic()
    owner = Owner("end")
    closing = owner.start(_close(bridge, notifier, stack), name="stop everything", awaited=True)
    again = owner.start(asked.get(), name="asked again", awaited=True)
    await asyncio.wait({closing, again}, timeout=STOP_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
    code = 0
    if not closing.done():
        _log.warning("left before everything had stopped")
        code = 1
    elif closing.exception() is not None:
        _log.error("stopping failed", exc_info=closing.exception())
        code = 1
    else:
        await asyncio.sleep(max(0.0, STOPPING_SEEN_S - (time.monotonic() - seen_at)))
    again.cancel()
    ahead.end()
    window.hide()
    # By hand and now: left to the interpreter's own end, Qt's objects would go in any order.
    shiboken6.delete(window)
    return code


async def _close(bridge: Bridge, notifier: Notifier, stack: AsyncExitStack) -> None:
    await bridge.aclose()
    await stack.aclose()
    await notifier.aclose()


async def _tell(problem: Problem, asked: asyncio.Queue[None]) -> int:
    """Show why the program cannot begin, until a person has read it."""
    curtain = Curtain()
    curtain.setWindowTitle("Craft Desktop")
    curtain.resize(*PROBLEM_SIZE)
    curtain.quit_requested.connect(lambda: asked.put_nowait(None))
    curtain.closed.connect(lambda: asked.put_nowait(None))
    curtain.show_problem(problem)
    sys.stderr.write(f"{problem.title}\n{problem.detail}\n{problem.remedy}\n")
    await asked.get()
    curtain.hide()
    return 1


def _heed_signals(asked: asyncio.Queue[None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, lambda: asked.put_nowait(None))
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(asked.put_nowait, None))
