import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from craft_desktop.ui.sparkline import Sparkline
from craft_desktop.ui.theme import GAP_S, Theme


@pytest.fixture
def line(qtbot: QtBot, theme: Theme) -> Sparkline:
    made = Sparkline(theme, 100.0)
    qtbot.addWidget(made)
    made.resize(100 + GAP_S + 1, 50 + 2 * GAP_S + 1)
    made.show()
    return made


def test_values_stand_where_they_belong(line: Sparkline) -> None:
    assert line.placed() == []
    line.show_points([(1000, 0), (1050, 50), (1100, 100)], 100)
    places = [(point.x(), point.y() - GAP_S) for point in line.placed()]
    assert places == [(0, 50), (50, 25), (100, 0)]


def test_what_is_beyond_stays_inside(line: Sparkline) -> None:
    line.show_points([(0, -5), (1050, 1e12), (1100, 3)], 100)
    for point in line.placed():
        assert line.rect().contains(point.toPoint())
    line.show_points([(5, 0)], 0)
    assert len(line.placed()) == 1


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_it_is_drawn_in_the_themes_colour(line: Sparkline, theme: Theme, choice: str) -> None:
    theme.choose(choice)
    line.show_points([(1000, 50), (1100, 50)], 100)
    image = line.grab().toImage()
    wanted = QColor(theme.colours.accent)
    drawn = QColor(image.pixel(image.width() // 2, int(line.placed()[0].y() * image.devicePixelRatio())))
    assert abs(drawn.hue() - wanted.hue()) < 20
