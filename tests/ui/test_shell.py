"""The running program in a process of its own, with a stand-in for the workbench."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import contextlib, os, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton
from craft_desktop.model.errors import GatewayError
from craft_desktop.paths import find_paths
from craft_desktop.ui import guard
guard.prepare(os.environ, guard.effective_user())
from craft_desktop.ui import shell
from tests.ui.stand_in import StandIn, make_project

mode, paths = sys.argv[1], find_paths()
paths.state.mkdir(parents=True)

@contextlib.asynccontextmanager
async def open_bench(_paths):
    if mode == "refused":
        QTimer.singleShot(300, press_quit)
        raise GatewayError("No port", "4100 is taken.", "Choose another.")
    bench = StandIn((make_project(1, "shop-front"),))
    if mode == "folder":
        bench.subscribe(lambda event: print(type(event).__name__, flush=True))
    if mode == "close":
        QTimer.singleShot(500, lambda: main_window().close())
    if mode == "stuck":
        shell.STOP_LIMIT_S = 0.5
    print("open", flush=True)
    yield bench
    if mode == "stuck":
        import asyncio
        await asyncio.Event().wait()
    if mode == "close":
        print("started again", bench.lifetime.starts, flush=True)
    print("closed", bench.asked, flush=True)

def main_window():
    return next(widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "mainWindow")

def press_quit():
    button, = (b for w in QApplication.topLevelWidgets() for b in w.findChildren(QPushButton, "curtainQuit"))
    button.click()

code = shell.run([Path("/x/one")] if mode == "folder" else [], paths, open_bench)
print("end", code, flush=True)
os._exit(code)
"""

LIMIT_S = 30


def start(mode: str, home: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "CRAFT_DESKTOP_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with start("plain", tmp_path) as program:
        assert program.stdout is not None and program.stdout.readline() == "open\n"
        program.send_signal(number)
        out, err = program.communicate(timeout=LIMIT_S)
    assert out.splitlines() == ["closed []", "end 0"], err
    assert program.returncode == 0
    assert (tmp_path / "state" / "window.ini").is_file()


def test_what_ran_is_asked_for_and_closing_the_window_ends_it(tmp_path: Path) -> None:
    with start("close", tmp_path) as program:
        out, err = program.communicate(timeout=LIMIT_S)
    assert out.splitlines() == ["open", "started again 1", "closed []", "end 0"], err


def test_folders_of_the_command_line_are_added(tmp_path: Path) -> None:
    with start("folder", tmp_path) as program:
        assert program.stdout is not None and program.stdout.readline() == "open\n"
        assert program.stdout.readline() == "ProjectsChanged\n"
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=LIMIT_S)
    assert out.splitlines() == ["closed [('add', PosixPath('/x/one'))]", "end 0"], err


def test_what_cannot_begin_says_why(tmp_path: Path) -> None:
    with start("refused", tmp_path) as program:
        out, err = program.communicate(timeout=LIMIT_S)
    assert out.splitlines() == ["end 1"], err
    assert "No port\n4100 is taken.\nChoose another.\n" in err


def test_an_end_that_hangs_has_a_deadline(tmp_path: Path) -> None:
    with start("stuck", tmp_path) as program:
        assert program.stdout is not None and program.stdout.readline() == "open\n"
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=LIMIT_S)
    assert out.splitlines() == ["end 1"], err


def test_asked_twice_it_leaves_at_once(tmp_path: Path) -> None:
    with start("stuck", tmp_path) as program:
        assert program.stdout is not None and program.stdout.readline() == "open\n"
        program.send_signal(signal.SIGTERM)
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=LIMIT_S)
    assert out.splitlines() == ["end 1"], err
