"""Chooses which lines of a log are shown: all, warnings and errors, or errors alone."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from craft_desktop.model.levels import Level
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import ToolButton
from craft_desktop.ui.theme import ICON
from craft_desktop.ui.words import tr

WORDS = {Level.INFO: "All lines", Level.WARNING: "Warnings and errors", Level.ERROR: "Errors only"}


class LevelFilter(ToolButton):
    """A button with a menu; it stays marked while something is left out."""

    chosen = Signal(object)
    """The least `Level` to be shown."""

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("levelButton")
        self.setIconSize(QSize(ICON, ICON))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setCheckable(True)
        icons.bind(self, "filter")
        self.level = Level.INFO
        menu = QMenu(self)
        menu.setObjectName("levelMenu")
        group = QActionGroup(self)
        self._actions: dict[Level, QAction] = {}
        for level, words in WORDS.items():
            action = menu.addAction(tr(words))
            action.setCheckable(True)
            action.setChecked(level is Level.INFO)
            action.triggered.connect(lambda _on=False, level=level: self.choose(level))
            group.addAction(action)
            self._actions[level] = action
        menu.aboutToHide.connect(self._show)  # the menu's opening presses the button
        self.setMenu(menu)
        self._show()

    def choose(self, level: Level) -> None:
        """Show lines as grave as `level`."""
        is_new, self.level = level is not self.level, level
        self._actions[level].setChecked(True)
        self._show()
        if is_new:
            self.chosen.emit(level)

    def _show(self) -> None:
        self.setChecked(self.level is not Level.INFO)
        words = tr("Show: {0}").format(tr(WORDS[self.level]))
        self.setToolTip(words)
        self.setAccessibleName(words)
