import socket
import subprocess
import sys

import pytest

from craft_desktop.ui import guard


@pytest.mark.parametrize(
    ("pyside", "python", "is_refused"),
    [
        ("6.11.3", (3, 11), False),
        ("6.12.0", (3, 11), True),
        ("6.12.0.140", (3, 11), True),
        ("6.13.1", (3, 11), True),
        ("6.12.0", (3, 12), False),
        ("6.11.3", (3, 13), False),
        ("", (3, 11), True),
    ],
)
def test_the_broken_pair_is_refused(pyside: str, python: tuple[int, int], is_refused: bool) -> None:
    problem = guard.check(pyside, python)
    assert (problem is not None) is is_refused
    if problem is not None:
        assert problem.title and problem.detail and "6.11.3" in problem.remedy


def test_what_is_installed_here_is_sound() -> None:
    assert guard.check(guard.installed_pyside()) is None


@pytest.mark.parametrize(("user", "expected"), [(0, {"QTWEBENGINE_DISABLE_SANDBOX": "1"}), (1000, {}), (None, {})])
def test_the_page_loses_its_jail_for_root_alone(user: int | None, expected: dict[str, str]) -> None:
    environment: dict[str, str] = {}
    guard.prepare(environment, user)
    assert environment == expected


@pytest.mark.parametrize(
    ("environment", "system", "is_chosen"),
    [
        ({}, "linux", True),
        ({"XDG_CURRENT_DESKTOP": "i3"}, "linux", True),
        ({"XDG_CURRENT_DESKTOP": "Budgie:GNOME"}, "linux", False),
        ({"XDG_CURRENT_DESKTOP": "KDE"}, "linux", False),
        ({"DESKTOP_SESSION": "plasma"}, "linux", False),
        ({"QT_QPA_PLATFORMTHEME": "qt6ct"}, "linux", False),
        ({}, "darwin", False),
    ],
)
def test_a_theme_that_knows_light_and_dark_is_chosen_where_there_is_none(
    environment: dict[str, str], system: str, is_chosen: bool
) -> None:
    assert guard.theme_arguments(environment, system) == (["-platformtheme", "gnome"] if is_chosen else [])


def test_no_qt_is_loaded_before_the_guard_has_looked() -> None:
    code = "import sys, craft_desktop.ui.app; sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize(
    ("environment", "system", "is_refused"),
    [
        ({}, "linux", True),
        ({"DISPLAY": ":60123"}, "linux", True),
        ({"DISPLAY": "elsewhere:0"}, "linux", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", False),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", False),
        ({}, "darwin", False),
    ],
)
def test_a_missing_screen_is_told(environment: dict[str, str], system: str, is_refused: bool) -> None:
    problem = guard.check_screen(environment, system)
    assert (problem is not None) is is_refused
    if problem is not None:
        assert "craft-desktop preview" in problem.remedy


def test_a_screen_on_this_computer_is_found() -> None:
    # Abstract names need no folder; a number nobody uses keeps clear of real displays.
    with socket.socket(socket.AF_UNIX) as display:
        display.bind("\0/tmp/.X11-unix/X60124")
        display.listen()
        assert guard.check_screen({"DISPLAY": ":60124.0"}, "linux") is None
