"""The window's door. No Qt here: first it is seen whether Qt may be loaded at all.

What needs no Qt is loaded here as well: of each module that comes after Qt, PySide reads the source to see what it uses
(measured: 536 files, a twelfth of the processor time of all imports).
"""

import importlib
import os
import sys
from pathlib import Path

from craft_desktop.control.server import open_served
from craft_desktop.paths import Paths
from craft_desktop.ui import guard


def run(folders: list[Path], paths: Paths) -> int:
    """Show the window until a person closes it.

    :param folders: put on the list at the start; the last one is chosen.
    :return: the process's exit code; nothing of ours runs any more.
    """
    problem = guard.check(guard.installed_pyside()) or guard.check_screen(os.environ)
    if problem is not None:
        sys.stderr.write(f"{problem.title}\n{problem.detail}\n{problem.remedy}\n")
        return 1
    guard.prepare(os.environ, guard.effective_user())
    # Late, because the guard must have looked before any part of Qt is loaded.
    shell = importlib.import_module("craft_desktop.ui.shell")
    return int(shell.run(folders, paths, open_served))
