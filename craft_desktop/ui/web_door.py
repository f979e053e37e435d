"""The door to the web engine, opened by the first page: a window does not need its time and memory."""

import importlib
from pathlib import Path

from PySide6.QtWidgets import QWidget

from craft_desktop.ui.web import Web


def open_web(base: str, folder: Path, owner: QWidget) -> Web:
    """Make a project's page; the first one loads the engine."""
    engine = importlib.import_module("craft_desktop.ui.engine")
    made = engine.EngineWeb(base, folder, owner)
    assert isinstance(made, Web)
    return made
