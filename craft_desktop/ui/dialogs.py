"""The windows that stand beside the main one: settings, keys, the choice of a folder. None of them stops anything."""

from collections import deque
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from craft_desktop.model.errors import ChoiceError, Problem
from craft_desktop.model.project import Project
from craft_desktop.model.settings import Settings
from craft_desktop.store.secrets import KeyState
from craft_desktop.ui.environment_dialogs import EnvironmentDialogs
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.port_dialog import PortDialog
from craft_desktop.ui.quit_dialog import QuitDialog
from craft_desktop.ui.settings_dialog import SettingsDialog
from craft_desktop.ui.share_dialog import ShareDialog
from craft_desktop.ui.shortcuts_dialog import ShortcutsDialog
from craft_desktop.ui.words import tr


class Dialogs(QObject):
    """Makes each when it is first wanted, and passes its intentions on."""

    setting_changed = Signal(str, object)
    key_saved = Signal(str)
    key_forgotten = Signal()
    key_test_requested = Signal()
    key_test_cancelled = Signal()
    folders_chosen = Signal(list)
    token_copy_requested = Signal()
    token_renew_requested = Signal()
    quit_answered = Signal(bool)
    """Whether what runs at E2B stays. Whoever cancels answers nothing."""
    port_chosen = Signal(str, object)
    """A project's id and a port, or None."""
    share_confirmed = Signal(str)

    def __init__(self, icons: Icons, window: QWidget) -> None:
        super().__init__(window)
        self._icons, self._window = icons, window
        self.environments = EnvironmentDialogs(icons, window)
        self._settings: SettingsDialog | None = None
        self._shortcuts: ShortcutsDialog | None = None
        self._quit: QuitDialog | None = None
        self._choices: deque[ChoiceError] = deque()

    def open_settings(self, settings: Settings) -> None:
        """Open the settings, or bring them to the front."""
        if self._settings is None:
            self._settings = SettingsDialog(self._icons, self._window)
            self._settings.setting_changed.connect(self.setting_changed)
            self._settings.key_saved.connect(self.key_saved)
            self._settings.key_forgotten.connect(self.key_forgotten)
            self._settings.key_test_requested.connect(self.key_test_requested)
            self._settings.key_test_cancelled.connect(self.key_test_cancelled)
            self._settings.token_copy_requested.connect(self.token_copy_requested)
            self._settings.token_renew_requested.connect(self.token_renew_requested)
        self._settings.show_settings(settings)
        _raise(self._settings)

    def open_shortcuts(self) -> None:
        """Open the list of keys."""
        if self._shortcuts is None:
            self._shortcuts = ShortcutsDialog(self._window)
        _raise(self._shortcuts)

    def open_folder(self) -> None:
        """Let a person choose a project's folder."""
        dialog = QFileDialog(self._window, tr("Open a project’s folder"), str(Path.home()))
        dialog.setObjectName("openFolderDialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.folders_chosen.emit([Path(name) for name in names]))
        dialog.open()

    def ask_choice(self, error: ChoiceError) -> None:
        """Let a person choose one of the projects in a monorepo; of several monorepos one is asked about at a time."""
        self._choices.append(error)
        if len(self._choices) == 1:
            self._ask_next()

    def _ask_next(self) -> None:
        if not self._choices:
            return
        error = self._choices[0]
        folders = dict(error.choices)
        dialog = QInputDialog(self._window)
        dialog.setObjectName("choiceDialog")
        dialog.setWindowTitle(error.problem.title)
        dialog.setLabelText(tr("Which of its apps do you want to see?"))
        dialog.setComboBoxItems(list(folders))
        dialog.setOkButtonText(tr("Add"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.textValueSelected.connect(lambda name: self.folders_chosen.emit([folders[name]]))
        dialog.finished.connect(self._answered)
        dialog.open()

    def _answered(self) -> None:
        self._choices.popleft()
        self._ask_next()

    def ask_port(self, project: Project) -> None:
        """Let a person say at which port of its sandbox a project's page is."""
        dialog = PortDialog(project, self._window)
        dialog.chosen.connect(self.port_chosen)
        dialog.open()

    def ask_share(self, project: Project, *, is_running: bool) -> None:
        """Ask whether everybody is to see a project's page, and say what that means."""
        dialog = ShareDialog(project, is_running=is_running, parent=self._window)
        dialog.confirmed.connect(self.share_confirmed)
        dialog.open()

    def show_settings(self, settings: Settings) -> None:
        """Show the values in force."""
        if self._settings is not None:
            self._settings.show_settings(settings)

    def show_answer(self, key: str, problem: Problem | None) -> None:
        """Show why a value was refused, or that it was not."""
        if self._settings is not None:
            self._settings.show_answer(key, problem)

    def show_access(self, url: str, masked: str, why_closed: str) -> None:
        """Show where the control API is, and the end of its token; or why nobody is let in."""
        if self._settings is not None:
            self._settings.control_field.show_access(url, masked, why_closed)

    def show_token_copied(self) -> None:
        """Say that the token is in the clipboard."""
        if self._settings is not None:
            self._settings.control_field.show_copied()

    def ask_quit(self) -> None:
        """Ask whether what runs at E2B stays; asked again, the question comes to the front."""
        if self._quit is None:
            self._quit = QuitDialog(self._window)
            self._quit.answered.connect(self.quit_answered)
        _raise(self._quit)

    def show_key(self, state: KeyState) -> None:
        """Show where the key is kept."""
        if self._settings is not None:
            self._settings.show_key(state)

    def show_key_words(self, words: str, is_good: bool) -> None:
        """Show what came of the key's test."""
        if self._settings is not None:
            self._settings.show_key_words(words, is_good)

    def close_all(self) -> None:
        """Close what is open."""
        self.environments.close_all()
        for dialog in (self._settings, self._shortcuts, self._quit):
            if dialog is not None:
                dialog.close()


def _raise(dialog: QWidget) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
