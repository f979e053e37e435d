"""The foot of the environment dialog: where variables are kept, what saving does, and the buttons."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_XL
from craft_desktop.ui.words import tr

SAVING = "Saving… Your system may ask to unlock its keyring."


class EnvironmentFoot(QWidget):
    """Shows what it is told. While something is saved, Cancel stands where Save did."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("environmentFoot")
        self.place = label("", "small")
        self.place.setObjectName("environmentPlace")
        self.effect = label("", "small")
        self.effect.setObjectName("environmentEffect")
        self.close_button = push_button("environmentClose", tr("Close"))
        self.save_button = push_button("environmentSave", tr("&Save"), "primary")
        self.cancel_button = push_button("environmentCancel", tr("Cancel"))
        self.cancel_button.setAccessibleDescription(
            tr("Wait for the keyring no longer; your changes stay here, unsaved.")
        )
        said = QVBoxLayout()
        said.setSpacing(0)
        said.addWidget(self.place)
        said.addWidget(self.effect)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_XL, GAP, GAP_XL, GAP_L)
        row.setSpacing(GAP)
        row.addLayout(said, 1)
        for button in (self.close_button, self.save_button, self.cancel_button):
            row.addWidget(button)

    def say(self, words: str) -> None:
        """Say what saving does, or what came of it."""
        self.effect.setText(words)

    def show_buttons(self, *, is_list: bool, is_saving: bool) -> None:
        """Show those that make sense: none but on the list of all variables."""
        self.close_button.setVisible(is_list)
        self.save_button.setVisible(is_list and not is_saving)
        self.cancel_button.setVisible(is_list and is_saving)
