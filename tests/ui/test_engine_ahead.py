"""The web engine made ready before its first page: in which order, from when on, and without holding the window up."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.session import Session
from craft_desktop.ui.engine_ahead import EngineAhead
from tests.ui import stand_in as S

CREATING, INSTALLING, WAITING = (S.run_to("p1", facts) for facts in (1, 3, 5))


class Steps:
    """What was done, and in which thread; the load goes on when it may."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bool]] = []
        self.may_load = threading.Event()
        self.blanks: list[QWidget] = []

    def _note(self, name: str) -> None:
        self.seen.append((name, threading.current_thread() is threading.main_thread()))

    def load(self) -> None:
        assert self.may_load.wait(10)
        self._note("load")

    def begin(self) -> None:
        self._note("begin")

    def show_blank(self, owner: QWidget) -> QWidget:
        self._note("blank")
        made = QWidget(owner)
        made.show()
        self.blanks.append(made)
        return made


@pytest.fixture
def shown(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    return window


def fail() -> None:
    raise ImportError("no engine")


def make(window: QWidget, steps: Steps, load: Callable[[], None] | None = None) -> EngineAhead:
    return EngineAhead(window, load or steps.load, steps.begin, steps.show_blank)


def test_it_goes_part_by_part_and_only_the_load_is_in_a_thread(qtbot: QtBot, shown: QMainWindow) -> None:
    steps = Steps()
    ahead = make(shown, steps)
    ahead.heed(Session("p1"))
    assert steps.seen == []  # nothing starts yet
    ahead.heed(CREATING)
    steps.may_load.set()
    qtbot.waitUntil(lambda: len(steps.seen) == 2, timeout=10_000)
    ahead.heed(INSTALLING)
    assert steps.seen == [("load", False), ("begin", True)] and steps.blanks == []
    with qtbot.waitSignal(ahead.done, timeout=10_000):
        ahead.heed(WAITING)
    assert steps.seen[2:] == [("blank", True)]
    assert steps.blanks[0].isHidden()
    ahead.heed(CREATING)
    ahead.heed(WAITING)  # the next project's start
    ahead.end()
    assert len(steps.seen) == 3


def test_a_page_that_is_near_before_all_is_loaded_waits_for_nothing_to_be_lost(
    qtbot: QtBot, shown: QMainWindow
) -> None:
    steps = Steps()
    ahead = make(shown, steps)
    ahead.heed(CREATING)
    ahead.heed(WAITING)
    with qtbot.waitSignal(ahead.done, timeout=10_000):
        steps.may_load.set()
    assert [name for name, _ in steps.seen] == ["load", "begin", "blank"]
    ahead.end()


def test_a_window_in_the_tray_gets_no_blank_page(qtbot: QtBot, shown: QMainWindow) -> None:
    steps = Steps()
    steps.may_load.set()
    ahead = make(shown, steps)
    shown.hide()
    with qtbot.waitSignal(ahead.done, timeout=10_000):
        ahead.heed(WAITING)
    assert [name for name, _ in steps.seen] == ["load", "begin"]
    ahead.end()


def test_an_engine_that_cannot_be_loaded_is_told_and_left_to_the_first_page(
    qtbot: QtBot, shown: QMainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    steps = Steps()
    ahead = make(shown, steps, fail)
    with qtbot.waitSignal(ahead.done, timeout=10_000):
        ahead.heed(WAITING)
    assert steps.seen == [] and "no engine" in caplog.text
    ahead.end()
    caplog.clear()


def test_the_end_waits_for_the_thread_and_nothing_follows(qtbot: QtBot, shown: QMainWindow) -> None:
    steps = Steps()
    ahead = make(shown, steps)
    ahead.heed(WAITING)
    steps.may_load.set()
    ahead.end()
    assert [name for name, _ in steps.seen] == ["load"]
    qtbot.wait(100)  # three times what lies between two parts: none comes
    assert [name for name, _ in steps.seen] == ["load"]


REAL = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
from craft_desktop.ui import guard
from craft_desktop.ui.engine_ahead import EngineAhead
from craft_desktop.ui.web_door import open_web
from tests.ui import stand_in as S
import os
guard.prepare(os.environ, guard.effective_user())
QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
app = QApplication([])
window = QMainWindow()
window.show()
ahead = EngineAhead(window)
def finish():
    print("craft_desktop.ui.engine" in sys.modules, flush=True)
    web = open_web("http://p1.localhost:1/", Path(sys.argv[1]), window)
    print(type(web).__name__, flush=True)
    ahead.end()
    os._exit(0)
ahead.done.connect(finish)
QTimer.singleShot(0, lambda: ahead.heed(S.run_to("p1", 5)))
QTimer.singleShot(60_000, lambda: os._exit(3))
app.exec()
"""


def test_the_engine_itself_is_made_ready_so(tmp_path: object) -> None:
    """In a process of its own, for here it is long loaded."""
    done = subprocess.run(
        [sys.executable, "-c", REAL, str(tmp_path)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.stdout.split() == ["True", "EngineWeb"], done.stderr[-2000:]
