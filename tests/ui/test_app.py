import subprocess
import sys
from pathlib import Path

import pytest

from craft_desktop.paths import find_paths
from craft_desktop.ui import app, guard


def test_a_broken_toolkit_is_told_and_nothing_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(guard, "installed_pyside", lambda: "")
    assert app.run([], find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path)})) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "The window's toolkit is missing"
    assert len(told) == 3


CODE = """
import sys
import craft_desktop.ui.app
print(any(name.startswith("PySide6") for name in sys.modules), "craft_desktop.workbench.workbench" in sys.modules)
"""


def test_what_needs_no_qt_is_loaded_before_it() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["False", "True"], done.stderr[-2000:]
