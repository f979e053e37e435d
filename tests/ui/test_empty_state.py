from pytestqt.qtbot import QtBot

from craft_desktop.ui.empty_state import EmptyState
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click


def test_two_ways_to_begin(qtbot: QtBot, theme: Theme, icons: Icons) -> None:
    empty = EmptyState(theme, icons)
    qtbot.addWidget(empty)
    empty.resize(640, 400)
    empty.show()
    with qtbot.waitSignal(empty.open_requested):
        click(empty.open_button)
    with qtbot.waitSignal(empty.sample_requested):
        click(empty.sample_button)
    empty.set_busy(True)
    assert not empty.open_button.isEnabled() and not empty.sample_button.isEnabled()
    empty.set_busy(False)
    assert empty.open_button.isEnabled()
    theme.choose("dark")
    assert not empty.grab().isNull()
