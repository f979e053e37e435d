"""The line between the bar and the page: what the page was refused, and what it asks for. Never modal."""

from collections import deque

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from craft_desktop.ui.asks import Ask, plain
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import ElidedLabel, label, push_button, tool_button
from craft_desktop.ui.theme import BAR, GAP, GAP_L, GAP_S
from craft_desktop.ui.words import tr

MOST_ASKS = 4
"""Waiting questions; a page that raises more is answered no without a person's trouble."""
GUARD_MS = 500
"""So long the buttons of a new question do nothing: a page can guess where the next click falls, and put one there."""
CALM_MS = 100
"""A page may say thousands of things a second; ten are read at most."""


class PageLine(QFrame):
    """Shows one question at a time, else the last thing said."""

    cleared = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pageLine")
        self._asks: deque[Ask] = deque()
        self._said = self._quiet = ""
        self.text = ElidedLabel()
        self.text.setObjectName("pageSays")
        self.question = label("", wraps=True)  # what a person answers to is never cut off
        self.question.setObjectName("pageAsks")
        self.yes = push_button("pageYes", tr("Yes"))
        self.no = push_button("pageNo", tr("No"))
        self.close_button = tool_button("pageLineClose", tr("Close this line"), icons, "close")
        self.yes.clicked.connect(lambda: self._answer(True))
        self.no.clicked.connect(lambda: self._answer(False))
        self.close_button.clicked.connect(self.clear)
        self._row = row = QHBoxLayout(self)
        row.setSpacing(GAP)
        self.setMinimumHeight(BAR)  # one height, with buttons and without
        row.addWidget(self.text, 1)
        row.addWidget(self.question, 1)
        for button in (self.yes, self.no, self.close_button):
            row.addWidget(button)
        self._guard = QTimer(self, interval=GUARD_MS, singleShot=True)
        self._guard.timeout.connect(lambda: self._enable(True))
        self._calm = QTimer(self, interval=CALM_MS, singleShot=True)
        self._calm.timeout.connect(self._show)
        self._show()

    @property
    def current(self) -> Ask | None:
        """The question in sight."""
        return self._asks[0] if self._asks else None

    @property
    def words(self) -> str:
        """What the line says, or will say in a moment."""
        return self._asks[0].words if self._asks else self._said or self._quiet

    def say(self, words: str) -> None:
        """Say something; the one before it goes."""
        self._said = plain(words, 600)  # longer than any sentence of ours around a page's words
        self._show_soon()

    def say_quietly(self, words: str) -> None:
        """Say something that stays until it is taken back with "", beneath all else."""
        if words != self._quiet:
            self._quiet = words
            self._show()

    def ask(self, ask: Ask) -> None:
        """Ask; it waits its turn."""
        self.withdraw(ask.key)
        if len(self._asks) >= MOST_ASKS:
            ask.answer(False)
            return
        self._asks.append(ask)
        if len(self._asks) == 1:
            self._begin()

    def withdraw(self, key: str) -> None:
        """Ask no longer, as nobody needs to know."""
        gone = [ask for ask in self._asks if ask.key == key]
        if gone:
            was = self.current
            self._asks = deque(ask for ask in self._asks if ask.key != key)
            for ask in gone:
                ask.answer(False)
            if self.current is not was:
                self._begin()

    def clear(self) -> None:
        """Show nothing but what is said quietly."""
        self._said = ""
        self._show()
        self.cleared.emit()

    def drop(self) -> None:
        """Answer every question no, and say nothing."""
        asks, self._asks = self._asks, deque()
        self._said = self._quiet = ""
        for ask in asks:
            ask.answer(False)
        self._show()

    def _answer(self, is_yes: bool) -> None:
        if self._asks:
            ask = self._asks.popleft()
            self._begin()
            ask.answer(is_yes)

    def _begin(self) -> None:
        self._enable(False)
        self._guard.start()
        self._show()

    def _enable(self, is_on: bool) -> None:
        for button in (self.yes, self.no):
            button.setEnabled(is_on)

    def _show_soon(self) -> None:
        if not self._calm.isActive():
            self._show()
            self._calm.start()

    def _show(self) -> None:
        ask = self.current
        # In line with the icons above: those of the buttons have a frame, the cross has none.
        self._row.setContentsMargins(GAP_L, GAP_S, GAP if ask is None else GAP_L, GAP_S)
        for part in (self.question, self.yes, self.no):
            part.setVisible(ask is not None)
        self.text.setVisible(ask is None)
        if ask is not None:
            self.question.setText(ask.words)
            self.yes.setText(ask.yes)
            self.no.setText(ask.no)
        self.close_button.setVisible(ask is None and bool(self._said))
        self.text.setText(self.words)
        self.text.setAccessibleName(self.words)
        self.setVisible(bool(self.words))
