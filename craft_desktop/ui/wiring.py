"""Joins the dialogs with the bridge: what a person wants in them goes to it, what comes of it goes back.

The window joins the rest; it and this module are the only ones that connect.
"""

from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.conduct import Conduct
from craft_desktop.ui.dialogs import Dialogs


def connect_dialogs(dialogs: Dialogs, bridge: Bridge, conduct: Conduct) -> None:
    """Connect both ways, once."""
    dialogs.folders_chosen.connect(bridge.add)
    dialogs.token_copy_requested.connect(bridge.control.copy_token)
    dialogs.token_renew_requested.connect(bridge.control.renew)
    dialogs.quit_answered.connect(conduct.quit_so)
    dialogs.port_chosen.connect(bridge.upkeep.choose_port)
    dialogs.share_confirmed.connect(lambda project_id: bridge.upkeep.share(project_id, True))
    dialogs.setting_changed.connect(bridge.options.change)
    dialogs.key_saved.connect(bridge.options.save_key)
    dialogs.key_forgotten.connect(bridge.options.forget_key)
    dialogs.key_test_requested.connect(bridge.options.test_key)
    dialogs.key_test_cancelled.connect(bridge.options.cancel_test)

    bridge.choice_asked.connect(dialogs.ask_choice)
    bridge.options.answered.connect(dialogs.show_answer)
    bridge.control.changed.connect(dialogs.show_access)
    bridge.control.copied.connect(dialogs.show_token_copied)
    bridge.options.key_changed.connect(dialogs.show_key)
    bridge.options.key_tested.connect(dialogs.show_key_words)
