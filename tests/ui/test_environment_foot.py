from pytestqt.qtbot import QtBot

from craft_desktop.ui.environment_foot import EnvironmentFoot


def test_cancel_stands_where_save_did_while_something_is_saved(qtbot: QtBot) -> None:
    foot = EnvironmentFoot()
    qtbot.addWidget(foot)
    shown: dict[tuple[bool, bool], list[str]] = {}
    for is_list in (True, False):
        for is_saving in (True, False):
            foot.show_buttons(is_list=is_list, is_saving=is_saving)
            buttons = (foot.close_button, foot.save_button, foot.cancel_button)
            shown[is_list, is_saving] = [button.text() for button in buttons if not button.isHidden()]
    assert shown == {
        (True, False): ["Close", "&Save"],
        (True, True): ["Close", "Cancel"],
        (False, False): [],
        (False, True): [],
    }
    foot.say("Saved.")
    assert foot.effect.text() == "Saved."
