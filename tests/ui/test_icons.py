import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from craft_desktop.ui.icons import BESIDE_TEXT, Icons
from craft_desktop.ui.theme import DARK, ICON, LIGHT, Theme
from tests.ui.conftest import RESOURCES

FILES = sorted((RESOURCES / "icons").glob("*.svg"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_icon_draws_something(file: Path, icons: Icons) -> None:
    image = icons.pixmap(file.stem, "#ff0000", 24, 1).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24))


@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "craft-desktop"], ids=lambda file: file.stem)
def test_icons_have_one_stroke_colour(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert set(re.findall(r'(?:stroke|fill)="([^"]+)"', text)) == {"none", "currentColor"}


def darkest(button: QToolButton) -> str:
    """Give the colour of the icon's most solid point."""
    image = button.icon().pixmap(QSize(ICON, ICON), 3).toImage()
    points = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(points, key=lambda colour: colour.alpha()).name()


def test_a_bound_icon_follows_the_theme(qtbot: QtBot, theme: Theme, icons: Icons) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    icons.bind(button, "stop", "text")
    assert darkest(button) == LIGHT.text
    theme.choose("dark")
    assert darkest(button) == DARK.text


def test_an_icon_is_drawn_once(theme: Theme, icons: Icons) -> None:
    light = icons.icon("stop").cacheKey()
    assert icons.icon("stop").cacheKey() == light != icons.icon("stop", "text").cacheKey()
    assert icons.icon("stop", gap=4).cacheKey() != light
    theme.choose("dark")
    assert icons.icon("stop").cacheKey() != light


def test_a_dead_button_is_forgotten(theme: Theme, icons: Icons) -> None:
    button = QToolButton()
    icons.bind(button, "stop")
    del button
    theme.choose("dark")


def test_an_icon_beside_a_text_keeps_its_distance(qtbot: QtBot, icons: Icons) -> None:
    button = QPushButton("Start")
    qtbot.addWidget(button)
    icons.bind(button, "play")
    assert button.iconSize().width() == ICON + BESIDE_TEXT


def test_the_program_has_an_icon_in_all_sizes(icons: Icons) -> None:
    assert {size.width() for size in icons.application().availableSizes()} == {16, 32, 48, 64, 128, 256}


class Dense:
    """A screen of two pixels a point."""

    def devicePixelRatio(self) -> float:
        return 1.75


def test_icons_are_drawn_for_the_screens_there_are(qtbot: QtBot, icons: Icons, monkeypatch: pytest.MonkeyPatch) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    icons.bind(button, "stop")
    (screen,) = QGuiApplication.screens()
    assert screen.devicePixelRatio() == 1.0
    assert icons.icon("stop").availableSizes() == [QSize(ICON, ICON)]
    with monkeypatch.context() as patched:  # a person chooses another scale
        patched.setattr(QGuiApplication, "screens", lambda: [Dense()])
        screen.geometryChanged.emit(screen.geometry())
    both = {ICON, 2 * ICON}
    assert {size.width() for size in icons.icon("stop").availableSizes()} == both
    assert {size.width() for size in button.icon().availableSizes()} == both
