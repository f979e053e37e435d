"""The door to the web engine, opened by the first page, or ahead of it: a window does not need its time and memory."""

import ctypes
import importlib
import logging
import os
import sys
from pathlib import Path
from types import ModuleType

from PySide6.QtCore import QLibraryInfo
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from craft_desktop.ui.web import Web

_log = logging.getLogger(__name__)

_LIBRARY = "libQt6WebEngineWidgets.so.6"
"""Links all others of the engine."""


def open_web(base: str, folder: Path, owner: QWidget) -> Web:
    """Make a project's page; the first one loads the engine, unless that was done ahead."""
    made = _engine().EngineWeb(base, folder, owner)
    assert isinstance(made, Web)
    return made


def load() -> None:
    """Load the engine's code, and that of the graphics driver. In a thread: nothing of it needs the window's own.

    An import holds Python's lock while the system links the library of 200 MB (17 ms of work, 330 ms from a cold disk,
    measured); the system's own call, as a foreign function, lets the window go on meanwhile. Where there is no such
    library it answers that, and the import below finds it or says why not.
    """
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.dlopen.argtypes, system.dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
        path = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.LibrariesPath)) / _LIBRARY
        system.dlopen(os.fsencode(path), os.RTLD_LAZY)
    if QGuiApplication.platformName() == "xcb":
        _load_driver()
    _engine()


def _load_driver() -> None:
    """Load the graphics driver by the first question to it, through a connection to the screen of its own.

    That is half of what the engine's start asks of the processor (24 of 50 ms, measured with Mesa's), and Qt's own
    context would hold Python's lock meanwhile. The driver stays in the process; without one nothing happens here.
    """
    try:
        screen, graphics = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libGL.so.1")
    except OSError:
        _log.info("the graphics driver could not be loaded ahead", exc_info=True)
        return
    screen.XOpenDisplay.argtypes, screen.XOpenDisplay.restype = (ctypes.c_char_p,), ctypes.c_void_p
    screen.XDefaultScreen.argtypes = screen.XCloseDisplay.argtypes = (ctypes.c_void_p,)
    graphics.glXQueryExtensionsString.argtypes = ctypes.c_void_p, ctypes.c_int
    display = screen.XOpenDisplay(None)
    if display is not None:
        graphics.glXQueryExtensionsString(display, screen.XDefaultScreen(display))
        screen.XCloseDisplay(display)


def begin() -> None:
    """Start the engine's processes."""
    _engine().begin()


def show_blank(owner: QWidget) -> QWidget:
    """Show an empty page of one point outside of what `owner` shows.

    With its first page Qt makes a window anew, as one that the graphics driver draws.
    """
    made = _engine().make_blank(owner)
    assert isinstance(made, QWidget)
    made.setGeometry(-1, -1, 1, 1)
    made.show()
    return made


def _engine() -> ModuleType:
    return importlib.import_module("craft_desktop.ui.engine")
