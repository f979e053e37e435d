from pytestqt.qtbot import QtBot

from craft_desktop.ui.control_field import ControlField
from tests.ui.hands import click


def test_it_shows_where_to_ask_and_lets_the_token_be_copied_and_renewed(qtbot: QtBot) -> None:
    field = ControlField()
    qtbot.addWidget(field)
    field.show()
    assert field.address.text() == "closed: it is switched off" and not field.why.isVisible()
    assert not field.copy_button.isEnabled() and not field.renew_button.isEnabled()
    field.show_access("http://127.0.0.1:41207", "•••• 7f3a", "")
    assert (field.address.text(), field.token.text()) == ("http://127.0.0.1:41207", "•••• 7f3a")
    with qtbot.waitSignal(field.copy_requested):
        click(field.copy_button)
    field.show_copied()
    assert field.words.isVisible()
    with qtbot.waitSignal(field.renew_requested):
        click(field.renew_button)
    assert not field.renew_button.isEnabled()  # one at a time
    field.show_access("http://127.0.0.1:41208", "•••• 81cc", "")
    assert field.renew_button.isEnabled() and not field.words.isVisible()
    field.show_access("", "", "No port is free. All are taken. End a program.")
    assert field.address.text() == "closed" and field.why.isVisible() and "All are taken" in field.why.text()
