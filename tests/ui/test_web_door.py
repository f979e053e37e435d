"""The window must be there before the web engine is: seen in a process of its own, for here it is long loaded."""

import subprocess
import sys

from pytestqt.qtbot import QtBot

from craft_desktop.ui.engine import EngineWeb
from craft_desktop.ui.preview_pane import PreviewPane
from tests.ui.pages import go

CODE = """
import sys
import craft_desktop.ui.shell, craft_desktop.ui.app
loaded = sorted(name for name in sys.modules if name.startswith("PySide6.QtWebEngine"))
print(loaded, "craft_desktop.ui.engine" in sys.modules, "e2b" in sys.modules, "keyring" in sys.modules)
"""


def test_the_program_loads_no_engine_no_client_and_no_keyring() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "[] False False False", done.stderr[-2000:]


def test_the_first_page_does(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "")
    assert isinstance(preview.web, EngineWeb)
