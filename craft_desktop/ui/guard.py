"""What must hold before Qt is loaded: a build of PySide6 that survives, a screen, and a web engine that can start.

PySide6 6.12.0 on Python 3.11 loses one reference of `None` with every void call and aborts after some 7,000 of
them (measured; 6.11.3 on 3.11 and 6.12.0 on 3.12 are sound). This module imports no Qt.
"""

import os
import re
import socket
import sys
from collections.abc import Mapping, MutableMapping
from importlib import metadata

from craft_desktop.model.errors import Problem

UNSOUND = (6, 12)
"""The first PySide6 release line built for interpreters whose `None` is immortal."""

IMMORTAL_NONE = (3, 12)
"""The first Python whose `None` cannot be lost."""

HAVE_OWN_THEME = frozenset(
    {"KDE", "GNOME", "X-CINNAMON", "PANTHEON", "UNITY", "MATE", "XFCE", "LXDE", "LXQT", "DEEPIN"}
)
"""Desktops with a platform theme of their own, as XDG_CURRENT_DESKTOP names them."""

DESKTOP_MARKS = ("KDE_FULL_SESSION", "GNOME_DESKTOP_SESSION_ID", "DESKTOP_SESSION")
"""What Qt looks at where XDG_CURRENT_DESKTOP is not set."""


def installed_pyside() -> str:
    """Give the version of PySide6 that would be imported; empty if there is none."""
    for name in ("PySide6", "PySide6_Essentials"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""


def check(pyside: str, python: tuple[int, int] = sys.version_info[:2]) -> Problem | None:
    """Tell why the window cannot run with this PySide6 on this Python, if so.

    :param pyside: a version such as "6.11.3"; empty when it is not installed.
    """
    if not pyside:
        return Problem(
            "The window's toolkit is missing",
            "PySide6 is not installed for this Python.",
            "Start the program with packaging/run.sh, which installs it; or: pip install PySide6==6.11.3",
        )
    release = tuple(int(part) for part in pyside.split(".")[:2] if part.isdigit())
    if release >= UNSOUND and python < IMMORTAL_NONE:
        return Problem(
            "This build of PySide6 ends the program after a few minutes on this Python",
            f"PySide6 {pyside} needs Python 3.12 or newer to be sound; this is Python {python[0]}.{python[1]}.",
            "Run packaging/run.sh again, which installs the right one; or: pip install PySide6==6.11.3",
        )
    return None


def check_screen(environment: Mapping[str, str], system: str = sys.platform) -> Problem | None:
    """Tell why there is no screen to open a window on, if so; Qt itself would abort the process.

    An X display on this computer is tried; others (a network's, Wayland's) are left to Qt.
    """
    if system != "linux" or environment.get("QT_QPA_PLATFORM") or environment.get("WAYLAND_DISPLAY"):
        return None
    display = environment.get("DISPLAY", "")
    local = re.fullmatch(r":(\d+)(?:\.\d+)?", display)
    if display and (local is None or _answers(f"/tmp/.X11-unix/X{local[1]}")):
        return None
    return Problem(
        "There is no screen to open a window on",
        f"DISPLAY is {display}, and nothing answers there."
        if display
        else "Neither DISPLAY nor WAYLAND_DISPLAY is set.",
        "Start it from a desktop session; “craft-desktop preview FOLDER” runs a project without a window.",
    )


def _answers(path: str) -> bool:
    # An X server listens on a file, on an abstract name, or on both.
    for address in (path, f"\0{path}"):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(address) == 0:
                return True
    return False


def prepare(environment: MutableMapping[str, str], user_id: int | None) -> None:
    """Set what the web engine reads at its start.

    Chromium refuses to start as root inside its own jail (measured). For everyone else the jail stays on.

    :param user_id: the effective one; None where the system has no such thing.
    """
    if user_id == 0:
        environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"


def theme_arguments(environment: Mapping[str, str], system: str = sys.platform) -> list[str]:
    """Give what tells Qt which platform theme to take where it would take one that knows no light and dark.

    The page gets its scheme from Qt's, and Qt's generic theme for Unix cannot be told any (measured: Qt 6.11 on X11
    without a desktop). The one for GNOME can, needs no library of that desktop, and looks the same in this program. As
    arguments, not in the environment: an editor that is opened from here must not inherit it.
    """
    if system != "linux" or environment.get("QT_QPA_PLATFORMTHEME"):
        return []
    names = environment.get("XDG_CURRENT_DESKTOP", "").upper().split(":")
    has_own = bool(HAVE_OWN_THEME.intersection(names)) or any(environment.get(mark) for mark in DESKTOP_MARKS)
    return [] if has_own else ["-platformtheme", "gnome"]


def effective_user() -> int | None:
    """Give the effective user's id; None on Windows."""
    return os.geteuid() if hasattr(os, "geteuid") else None
