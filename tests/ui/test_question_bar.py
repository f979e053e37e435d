from pytestqt.qtbot import QtBot

from craft_desktop.ui.question_bar import QuestionBar
from tests.ui.hands import click


def test_it_asks_and_tells_the_answer(qtbot: QtBot) -> None:
    bar = QuestionBar()
    qtbot.addWidget(bar)
    assert not bar.isVisible()
    bar.ask("2 changes are not saved.", can_save=True)
    assert bar.isVisible() and bar.accessibleName() == bar.words.text() == "2 changes are not saved."
    for button, signal in (
        (bar.keep_button, bar.kept),
        (bar.discard_button, bar.discarded),
        (bar.save_button, bar.saved),
    ):
        with qtbot.waitSignal(signal):
            click(button)
    bar.ask("What you entered is not taken over yet.", can_save=False)
    assert not bar.save_button.isVisible()
