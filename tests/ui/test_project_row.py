import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.model.session import Session
from craft_desktop.ui import present
from craft_desktop.ui.present import Row
from craft_desktop.ui.project_row import LINES_ROLE, ROW_ROLE, RowPainter
from craft_desktop.ui.theme import Theme
from tests.ui.stand_in import NOW, failed, live, make_project


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
    row = present.row(make_project(1, "a name that is far too long for the width of this list"), session, NOW, str)
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
