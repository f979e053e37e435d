"""A process that shows ten pages, and after each step tells it and waits for a line: `python -m tests.bench.shown`.

Run by `bench_memory`: `window PORT` is the program's own window with ten live projects, `plain PORT` ten views.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QUrl, SignalInstance
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QGridLayout, QMainWindow, QWidget

import qasync  # isort: skip

from craft_desktop.model.events import SessionChanged
from craft_desktop.model.memory import Memory
from craft_desktop.ui import guard
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.page_keeper import PageKeeper
from craft_desktop.ui.placement import Placement
from craft_desktop.ui.theme import Theme
from tests.ui import stand_in as S

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
PAGES, STEPS = 10, (1, 5, 10)
SHORT = Memory(total=10**10, available=1)
"""A computer that has no memory left."""
COLUMNS = 5


async def tell(step: str, **more: object) -> None:
    """Tell a step, and wait until it was measured."""
    sys.stdout.write(json.dumps({"step": step, **more}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


async def hear(signal: SignalInstance, begin: Callable[[], object]) -> None:
    """Do something and wait for its signal."""
    heard = asyncio.Event()
    signal.connect(heard.set)
    begin()
    await heard.wait()


async def window(port: int, home: Path, theme: Theme, icons: Icons) -> None:
    projects = tuple(S.make_project(number, f"site-{number}") for number in range(1, PAGES + 1))
    bench = S.StandIn(projects, f"http://{{slug}}.localhost:{port}/")
    bridge = Bridge(bench)
    shown = MainWindow(bridge, theme, icons, Placement(home), home / "pages")
    shown.resize(1280, 800)
    shown.show()
    for count, project in enumerate(projects, start=1):
        shown.project_list.choose(project.id)
        pane = shown.pane
        assert pane is not None and pane.project.id == project.id
        session = replace(S.live(project.id), url=bench.address(project.id))
        bench.tell(SessionChanged(session))
        web = pane.preview.web
        assert web is not None
        await hear(web.loaded, lambda: None)
        if count in STEPS:
            await tell(f"{count} shown")
    panes = [pane for project in projects if (pane := shown.panes.made(project.id)) is not None]
    hidden = [pane.preview for pane in panes if not pane.preview.is_seen]
    assert len(hidden) == PAGES - 1
    pids = [pane.web.process_id for pane in hidden if pane.web is not None]
    sizes = [pane.memory_bytes() for pane in hidden]
    await tell("known", pages=pids, told=sum(size for size in sizes if size is not None))
    keeper = PageKeeper(shown, lambda: {pane.project.id: pane.preview for pane in panes}, lambda: SHORT)
    for _ in hidden:
        keeper.look()
    assert all(pane.web is not None and pane.web.is_discarded for pane in hidden)
    await tell("put away")


async def plain(port: int, _home: Path, _theme: Theme, _icons: Icons) -> None:
    shown, content = QMainWindow(), QWidget()
    grid = QGridLayout(content)
    shown.setCentralWidget(content)
    shown.resize(1280, 800)
    shown.show()
    for count in range(1, PAGES + 1):
        view = QWebEngineView()
        grid.addWidget(view, (count - 1) // COLUMNS, (count - 1) % COLUMNS)
        address = QUrl(f"http://site-{count}.localhost:{port}/")
        await hear(view.loadFinished, lambda view=view, address=address: view.setUrl(address))  # type: ignore[misc]
        if count in STEPS:
            await tell(f"{count} shown")


KINDS: dict[str, Callable[[int, Path, Theme, Icons], Awaitable[None]]] = {"window": window, "plain": plain}


def main(kind: str, port: int) -> None:
    guard.prepare(os.environ, guard.effective_user())
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    theme = Theme(app, RESOURCES)
    with tempfile.TemporaryDirectory() as home:
        loop.run_until_complete(KINDS[kind](port, Path(home), theme, Icons(theme, RESOURCES)))
        os._exit(0)  # its children see that it is gone; how it ends is not measured here


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
