"""The settings: a list of headings, and behind each its fields, applied at once; a bad value is refused in place."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from craft_desktop.model.errors import Problem
from craft_desktop.model.settings import BY_KEY, Settings
from craft_desktop.store.secrets import KeyState
from craft_desktop.ui.control_field import ControlField
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.key_field import KeyField
from craft_desktop.ui.option_field import OptionField
from craft_desktop.ui.parts import label, line, push_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_XL
from craft_desktop.ui.words import tr

WIDTH, HEIGHT = 800, 560
"""It stands whole in a window of 900 by 600."""
LIST_WIDTH = 168

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Previews", ("provider", "idle_limit_min", "when_idle", "install_limit_s", "ready_limit_s", "preview_port")),
    ("Quick starts", ("images_gb", "pool_size")),
    ("E2B", ("e2b_domain", "e2b_template", "e2b_api_url", "e2b_sandbox_url")),
    ("Start and quit", ("start_again", "open_at_login", "when_quit")),
    ("Desktop", ("theme", "editor", "tray", "notifications")),
    ("Control API", ("control_api",)),
)
"""Where each option stands; `tests/ui/test_settings_dialog.py` sees to it that none is missing."""


class SettingsDialog(QDialog):
    """Shows and changes the settings. Not modal."""

    setting_changed = Signal(str, object)
    key_saved = Signal(str)
    key_forgotten = Signal()
    key_test_requested = Signal()
    key_test_cancelled = Signal()
    token_copy_requested = Signal()
    token_renew_requested = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setWindowTitle(tr("Settings"))
        self.resize(WIDTH, HEIGHT)
        self.fields: dict[str, OptionField] = {}
        self.key_field = KeyField(icons)
        self.key_field.saved.connect(self.key_saved)
        self.key_field.forgotten.connect(self.key_forgotten)
        self.key_field.test_requested.connect(self.key_test_requested)
        self.key_field.test_cancelled.connect(self.key_test_cancelled)
        self.control_field = ControlField()
        self.control_field.copy_requested.connect(self.token_copy_requested)
        self.control_field.renew_requested.connect(self.token_renew_requested)

        self.headings = QListWidget()
        self.headings.setObjectName("settingsHeadings")
        self.headings.setAccessibleName(tr("Headings of the settings"))
        self.headings.setFixedWidth(LIST_WIDTH)
        self.headings.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.pages = QStackedWidget()
        for title, keys in SECTIONS:
            self.headings.addItem(QListWidgetItem(tr(title)))
            self.pages.addWidget(self._page(title, keys))
        self.headings.currentRowChanged.connect(self.pages.setCurrentIndex)
        self.headings.setCurrentRow(0)
        close = push_button("settingsClose", tr("Close"))
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP_XL, GAP_L - GAP // 2, GAP_XL, GAP_L - GAP // 2)
        bottom.addWidget(label(tr("Changes apply at once."), "small"), 1)
        bottom.addWidget(close)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.headings)
        middle.addWidget(self.pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(line())
        column.addLayout(bottom)
        self.headings.setFocus()

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

    def _page(self, title: str, keys: tuple[str, ...]) -> QScrollArea:
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(GAP_XL, GAP_L, GAP_XL, GAP_L)
        inside.setSpacing(GAP_L)
        inside.addWidget(label(tr(title), "section"))
        if "e2b_domain" in keys:
            inside.addWidget(self.key_field)
            inside.addWidget(line())
        for key in keys:
            field = self.fields[key] = OptionField(BY_KEY[key])
            field.changed.connect(self.setting_changed)
            inside.addWidget(field)
        if "control_api" in keys:
            inside.addWidget(self.control_field)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("settingsScroll")
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll
