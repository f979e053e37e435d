from dataclasses import replace

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.script import Framework
from craft_desktop.model.session import Session
from craft_desktop.ui import row_words
from craft_desktop.ui.present import Tone
from craft_desktop.ui.project_row import LINES_ROLE, ROW_ROLE, RowPainter
from craft_desktop.ui.row_words import Row
from craft_desktop.ui.theme import Theme
from tests.ui.stand_in import NOW, failed, live, make_project, run_to


class OneRow(QAbstractListModel):
    def __init__(self, row: Row) -> None:
        super().__init__()
        self._row = row

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 1

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        lines = 3 if self._row.problem else 2
        return {ROW_ROLE: self._row, LINES_ROLE: lines}.get(role)


@pytest.mark.parametrize("session", [Session("p1"), live("p1"), failed("p1")])
@pytest.mark.parametrize("state", [QStyle.StateFlag.State_None, QStyle.StateFlag.State_Selected,
                                   QStyle.StateFlag.State_MouseOver])  # fmt: skip
def test_a_row_is_painted(qtbot: QtBot, theme: Theme, session: Session, state: QStyle.StateFlag) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    painter_of_rows = RowPainter(theme, owner)
    row = row_words.row(make_project(1, "a name that is far too long for the width of this list"), session, NOW, str)
    model = OneRow(row)
    option = QStyleOptionViewItem()
    size = painter_of_rows.sizeHint(option, model.index(0))
    assert size.height() > (60 if row.problem else 40)
    image = QImage(200, size.height(), QImage.Format.Format_ARGB32)
    image.fill(0)
    option.rect = QRect(0, 0, 200, size.height())
    option.state = state
    painter = QPainter(image)
    painter_of_rows.paint(painter, option, model.index(0))
    painter.end()
    assert any(image.pixelColor(x, y).alpha() for x in range(40, 190, 2) for y in range(image.height()))
    right = [image.pixelColor(198, y).alpha() for y in range(image.height() // 2, image.height() // 2 + 1)]
    assert state is not QStyle.StateFlag.State_None or right == [0]  # text ends before the edge


def drawn(theme: Theme, owner: QWidget, row: Row, width: int = 240) -> QImage:
    model, option = OneRow(row), QStyleOptionViewItem()
    painter_of_rows = RowPainter(theme, owner)
    image = QImage(width, painter_of_rows.sizeHint(option, model.index(0)).height(), QImage.Format.Format_RGB32)
    image.fill(theme.colours.sidebar)
    option.rect = image.rect()
    painter = QPainter(image)
    painter_of_rows.paint(painter, option, model.index(0))
    painter.end()
    return image


def inked(image: QImage, area: QRect) -> int:
    ground = image.pixel(0, 0)
    xs, ys = range(area.left(), area.right() + 1), range(area.top(), area.bottom() + 1)
    return sum(image.pixel(x, y) != ground for x in xs for y in ys)


@pytest.mark.parametrize("framework", Framework)
def test_the_framework_has_a_mark_at_the_end_of_the_name(qtbot: QtBot, theme: Theme, framework: Framework) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    name = "a name that is far too long for the width of this list"
    row = row_words.row(make_project(1, name, framework=framework), Session("p1"), NOW, str)
    image = drawn(theme, owner, row)
    plain = drawn(theme, owner, replace(row, mark=""))
    between = QRect(240 - 10 - 30, 8, 4, 14)
    assert row.mark and image != plain
    assert inked(image, between) < inked(plain, between) or len(row.mark) > 1  # the name ends before its mark
    below = QRect(0, 28, 240, 19)
    assert image.copy(below) == plain.copy(below)


def test_a_row_shows_how_far_its_step_is(qtbot: QtBot, theme: Theme) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    running = run_to("p1", 3)
    usual = replace(running, steps=tuple(replace(record, usual_s=20.0) for record in running.steps))
    began = usual.steps[2].started_at
    assert began is not None
    busy = theme.tone(Tone.BUSY).rgb()

    def width(session: Session, after_s: float) -> int:
        row = row_words.row(make_project(1, "shop"), session, began + after_s, str)
        image = drawn(theme, owner, row)
        bottom = range(image.height() - 8, image.height())
        return max(sum(image.pixel(x, y) == busy for x in range(image.width())) for y in bottom)

    assert width(running, 10.0) == 0  # nobody knows how far it is
    half, whole = width(usual, 10.0), width(usual, 40.0)
    assert 0 < half < whole and abs(whole - 2 * half) <= 2


def test_of_two_of_one_name_the_folder_is_seen(qtbot: QtBot, theme: Theme) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    for name in ("site", "a name that is far too long for the width of this list"):
        row = row_words.row(make_project(1, name), Session("p1"), NOW, str, "clients/ada/site")
        beside = QRect(150, 8, 70, 16)
        assert inked(drawn(theme, owner, row), beside)
        assert drawn(theme, owner, row).copy(beside) != drawn(theme, owner, replace(row, where="")).copy(beside)
