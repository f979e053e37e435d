import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.attention import Attention


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(200, 100)
    made.show()
    monkeypatch.setattr(made, "isActiveWindow", lambda: True)
    return made


def test_a_pointer_that_moves_over_the_window_is_told(window: QWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    place = [window.mapToGlobal(QPoint(10, 10))]
    told: list[None] = []
    attention = Attention(window, lambda: told.append(None), lambda: place[0])
    attention.tick()
    assert told == []  # it only stands there
    place[0] = window.mapToGlobal(QPoint(50, 50))
    attention.tick()
    attention.tick()
    assert len(told) == 1
    place[0] = window.mapToGlobal(QPoint(500, 50))  # beside the window
    attention.tick()
    place[0] = window.mapToGlobal(QPoint(20, 20))
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    attention.tick()
    assert len(told) == 1


def test_coming_to_the_front_is_told_at_once(window: QWidget, qapp: QApplication) -> None:
    told: list[None] = []
    attention = Attention(window, lambda: told.append(None))
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert told == []
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert len(told) == 1
    attention.deleteLater()
