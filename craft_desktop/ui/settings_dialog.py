"""The settings: one field for each option, applied at once; a bad value is refused where it stands."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from craft_desktop.model.errors import Problem
from craft_desktop.model.settings import OPTIONS, Settings
from craft_desktop.store.secrets import KeyState
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.key_field import KeyField
from craft_desktop.ui.option_field import OptionField
from craft_desktop.ui.parts import label, line, push_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_XL
from craft_desktop.ui.words import tr

WIDTH, HEIGHT = 600, 640

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Previews", ("provider", "install_limit_s", "ready_limit_s", "idle_limit_min", "when_idle", "preview_port")),
    ("Quick starts", ("images_gb", "pool_size")),
    ("E2B", ("e2b_domain", "e2b_template", "e2b_api_url", "e2b_sandbox_url")),
    ("Desktop", ("theme", "editor", "tray", "notifications")),
    ("Start and quit", ("start_again", "open_at_login", "when_quit")),
    ("Control API", ("control_api",)),
)
"""Where each option stands; `tests/ui/test_settings_dialog.py` sees to it that none is missing."""


class SettingsDialog(QDialog):
    """Shows and changes the settings. Not modal."""

    setting_changed = Signal(str, object)
    key_saved = Signal(str)
    key_forgotten = Signal()
    key_test_requested = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setWindowTitle(tr("Settings"))
        self.resize(WIDTH, HEIGHT)
        by_key = {option.key: option for option in OPTIONS}
        self.fields: dict[str, OptionField] = {}
        self.key_field = KeyField(icons)
        self.key_field.saved.connect(self.key_saved)
        self.key_field.forgotten.connect(self.key_forgotten)
        self.key_field.test_requested.connect(self.key_test_requested)

        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(GAP_XL, GAP_L, GAP_XL, GAP_L)
        inside.setSpacing(GAP_L)
        for title, keys in SECTIONS:
            if inside.count():
                inside.addWidget(line())
            inside.addWidget(label(tr(title), "section"))
            if "e2b_domain" in keys:
                inside.addWidget(self.key_field)
            for key in keys:
                field = OptionField(by_key[key])
                field.changed.connect(self.setting_changed)
                self.fields[key] = field
                inside.addWidget(field)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("settingsScroll")
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close = push_button("settingsClose", tr("Close"))
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP_XL, GAP, GAP_XL, GAP_L)
        bottom.addWidget(label(tr("Changes apply at once."), "small"), 1)
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addWidget(line())
        column.addLayout(bottom)

    def show_settings(self, settings: Settings) -> None:
        """Show the values in force, except in a field whose value was refused and is still being mended."""
        for key, field in self.fields.items():
            field.show_value(getattr(settings, key))

    def show_answer(self, key: str, problem: Problem | None) -> None:
        """Say beside the field why its value was refused, or nothing."""
        if key in self.fields:
            self.fields[key].show_problem(problem)

    def show_key(self, state: KeyState) -> None:
        """Show where the key is kept."""
        self.key_field.show_key(state)

    def show_key_words(self, words: str, is_good: bool) -> None:
        """Say what came of the key's test, or why it was not kept."""
        self.key_field.show_words(words, is_good=is_good)
