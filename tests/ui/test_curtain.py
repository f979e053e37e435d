from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from craft_desktop.ui.curtain import Curtain
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click
from tests.ui.stand_in import INSTALL_FAILED


def test_it_covers_the_window_while_stopping(qtbot: QtBot, theme: Theme) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(640, 440)
    window.show()
    curtain = Curtain(window)
    curtain.show_stopping(2)
    assert curtain.isVisible() and curtain.geometry() == window.rect()
    assert curtain.text.text().startswith("Stopping 2 previews") and not curtain.button.isVisible()
    curtain.show_stopping(1)
    assert curtain.text.text().startswith("Stopping one preview")
    curtain.show_stopping(0)
    assert curtain.text.text() == "One moment."


def test_it_tells_why_nothing_can_begin(qtbot: QtBot, theme: Theme) -> None:
    curtain = Curtain()
    qtbot.addWidget(curtain)
    curtain.show_problem(INSTALL_FAILED)
    assert curtain.title.text() == INSTALL_FAILED.title and INSTALL_FAILED.remedy in curtain.text.text()
    with qtbot.waitSignal(curtain.quit_requested):
        click(curtain.button)
    with qtbot.waitSignal(curtain.closed):
        curtain.close()
