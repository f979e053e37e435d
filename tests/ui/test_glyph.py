import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from craft_desktop.ui import glyph
from craft_desktop.ui.glyph import Glyph
from craft_desktop.ui.present import Shape, Tone
from craft_desktop.ui.theme import Theme


def draw(shape: Shape) -> bytes:
    image = QImage(16, 16, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    glyph.paint(painter, QRectF(0, 0, 16, 16), shape, QColor("#000000"))
    painter.end()
    return bytes(image.constBits())


def test_shapes_differ_without_their_colour() -> None:
    drawn = [draw(shape) for shape in Shape]
    assert len(set(drawn)) == len(Shape)
    assert all(any(picture) for picture in drawn)


@pytest.mark.parametrize("shape", Shape)
def test_only_the_spinner_turns_and_only_in_sight(qtbot: QtBot, theme: Theme, shape: Shape) -> None:
    widget = Glyph(theme)
    qtbot.addWidget(widget)
    widget.show_shape(shape, Tone.BUSY)
    assert not widget.is_turning
    widget.show()
    assert widget.is_turning is (shape is Shape.SPINNER)
    widget.hide()
    assert not widget.is_turning


def test_it_does_turn(qtbot: QtBot, theme: Theme) -> None:
    widget = Glyph(theme)
    qtbot.addWidget(widget)
    widget.show_shape(Shape.SPINNER, Tone.BUSY)
    widget.show()
    before = widget.grab().toImage()
    qtbot.waitUntil(lambda: widget.grab().toImage() != before, timeout=3000)
