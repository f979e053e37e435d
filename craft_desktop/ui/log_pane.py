"""The logs of one project: a tab for each stream and one for its health, and what can be done with them."""

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.levels import Level
from craft_desktop.model.places import Place
from craft_desktop.ui import present
from craft_desktop.ui.find_bar import FindBar
from craft_desktop.ui.health_view import HealthView
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.level_filter import LevelFilter
from craft_desktop.ui.log_view import LogView
from craft_desktop.ui.parts import tool_button
from craft_desktop.ui.theme import GAP, GAP_S, Theme
from craft_desktop.ui.words import tr

MOST_COUNTED = 99
"""Errors counted beside a tab; more are “99+”."""
STREAMS = tuple(Stream)
_BEFORE_TABS = GAP + 1
"""The first tab's word stands in line with the log: its own border and padding take the rest."""


class LogPane(QWidget):
    """Four logs and the health view, one in sight.

    :param now: gives Unix seconds.
    """

    save_requested = Signal(Stream, Path)
    place_requested = Signal(object)
    """A `Place` in a file of the project."""

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        name: str,
        now: Callable[[], float],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("logPane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = name
        self._errors = 0
        self._stream = STREAMS[0]
        self.is_there: Callable[[Place], bool] = lambda place: False
        """Says whether the project has the file that a line names."""
        self.tabs = QTabBar(self)
        self.tabs.setObjectName("logTabs")
        self.tabs.setAccessibleName(tr("Logs"))
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        for stream in STREAMS:
            self.tabs.addTab(present.stream(stream, tr))
        self.tabs.addTab(tr("Health"))

        self.levels = LevelFilter(icons)
        self.times_button = tool_button("timesButton", tr("Show times"), icons, "clock", checkable=True)
        self.wrap_button = tool_button("wrapButton", tr("Break long lines"), icons, "wrap", checkable=True)
        self.follow_button = tool_button("followButton", tr("Follow the end"), icons, "follow", checkable=True)
        self.find_button = tool_button("findButton", tr("Find (Ctrl+F)"), icons, "search", checkable=True)
        self.copy_button = tool_button("copyLogButton", tr("Copy the selection, or the whole log"), icons, "copy")
        self.save_button = tool_button("saveLogButton", tr("Save as a file"), icons, "save")
        self.clear_button = tool_button("clearLogButton", tr("Clear the view"), icons, "clear")
        self.follow_button.setChecked(True)
        self.levels.chosen.connect(self._show_levels)
        self.times_button.toggled.connect(self._show_times)
        self.wrap_button.toggled.connect(self._show_wrapped)
        self.follow_button.clicked.connect(lambda on: self.view.follow(on))
        self.find_button.clicked.connect(self._toggle_find)
        self.copy_button.clicked.connect(self.copy)
        self.save_button.clicked.connect(self._ask_save)
        self.clear_button.clicked.connect(self._clear)

        self._always = (self.find_button, self.levels, self.follow_button)
        self._at_times = (self.times_button, self.wrap_button, self.copy_button, self.save_button, self.clear_button)
        self._tools = QWidget(self)
        keeps = self._tools.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)  # else the tabs would move up as the health view comes
        self._tools.setSizePolicy(keeps)
        tools = QHBoxLayout(self._tools)
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(GAP_S // 2)
        for button in (self.find_button, self.levels, self.times_button, self.wrap_button, self.follow_button):
            tools.addWidget(button)
        for button in (self.copy_button, self.save_button, self.clear_button):
            tools.addWidget(button)
        self.more_button = tool_button("moreLogButton", tr("More for this log"), icons, "more")
        self.more_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(self._make_menu())
        tools.addWidget(self.more_button)
        # In a narrow pane some of them move into the menu: the layout may go down to the width of the rest.
        self._tools.setMinimumWidth(self._width_of((*self._always, self.more_button)))
        # In the order in which Tab goes through them: each is made in its place.
        self.find_bar = FindBar(theme, icons, self)
        self.stack = QStackedWidget(self)
        self.views = {stream: LogView(theme, lambda place: self.is_there(place), self.stack) for stream in Stream}
        self.health = HealthView(theme, now, self.stack)
        for stream, view in self.views.items():
            view.setObjectName(f"log-{stream.value}")
            view.setAccessibleName(tr("Log: {0}").format(present.stream(stream, tr)))
            view.follow_changed.connect(self._show_follow)
            view.place_requested.connect(self.place_requested)
            self.stack.addWidget(view)
        self.stack.addWidget(self.health)
        self.find_bar.closed.connect(lambda: self.find_button.setChecked(False))

        top = QHBoxLayout()
        top.setContentsMargins(_BEFORE_TABS, 0, GAP, 0)
        top.setSpacing(0)
        top.addWidget(self.tabs)
        top.addStretch(1)
        top.addWidget(self._tools)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.find_bar)
        column.addWidget(self.stack, 1)
        self.tabs.currentChanged.connect(self._show_tab)
        self._show_tab(0)

    @property
    def view(self) -> LogView:
        """The log in sight, or the one that was before the health view."""
        return self.views[self.stream]

    @property
    def stream(self) -> Stream:
        """Which log is in sight."""
        return self._stream

    @property
    def is_health_shown(self) -> bool:
        """Is the health view in sight?"""
        return self.stack.currentWidget() is self.health

    def show_stream(self, stream: Stream) -> None:
        """Bring a log into sight."""
        self.tabs.setCurrentIndex(STREAMS.index(stream))

    def show_health(self) -> None:
        """Bring the health view into sight."""
        self.tabs.setCurrentIndex(len(STREAMS))

    def add(self, lines: Iterable[LogLine]) -> None:
        """Take lines of any stream."""
        sorted_lines: dict[Stream, list[LogLine]] = {stream: [] for stream in Stream}
        for line in lines:
            sorted_lines[line.stream].append(line)
        for stream, of_stream in sorted_lines.items():
            if of_stream:
                self.views[stream].add(of_stream)
        self._count(sorted_lines[Stream.BROWSER])

    def add_line(self, line: LogLine) -> None:
        """Take one line."""
        self.views[line.stream].add_line(line)
        if line.stream is Stream.BROWSER:
            self._count((line,))

    def open_search(self) -> None:
        """Open the search."""
        if self.is_health_shown:
            self.show_stream(self.stream)
        self.find_button.setChecked(True)
        self.find_bar.open_search()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give way where the pane is narrow."""
        super().resizeEvent(event)
        self._fit()

    def copy(self) -> None:
        """Copy the selection, or the whole log if nothing is selected."""
        chosen = self.view.textCursor().selectedText().replace("\u2029", "\n")
        QGuiApplication.clipboard().setText(chosen or self.view.toPlainText())

    def forget_errors(self) -> None:
        """Count the page's errors from none again: it was loaded anew."""
        if self._errors:
            self._errors = 0
            self._show_count()

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName("logMoreMenu")
        for button in self._at_times:
            action = menu.addAction(button.accessibleName())
            action.setCheckable(button.isCheckable())
            button.toggled.connect(action.setChecked)
            action.triggered.connect(button.click)
        return menu

    def _width_of(self, buttons: Iterable[QToolButton]) -> int:
        widths = [button.sizeHint().width() for button in buttons]
        return sum(widths) + (len(widths) - 1) * (GAP_S // 2)

    def _fit(self) -> None:
        room = self.width() - _BEFORE_TABS - GAP - self.tabs.sizeHint().width()
        is_wide = room >= self._width_of((*self._always, *self._at_times))
        for button in self._at_times:
            button.setVisible(is_wide)
        self.more_button.setVisible(not is_wide)

    def _count(self, lines: Iterable[LogLine]) -> None:
        # What is set in belongs to the message above it.
        more = sum(line.level is Level.ERROR and not line.text.startswith("    ") for line in lines)
        if more:
            self._errors += more
            self._show_count()

    def _show_count(self) -> None:
        words = present.stream(Stream.BROWSER, tr)
        if self._errors:
            count = f"{MOST_COUNTED}+" if self._errors > MOST_COUNTED else str(self._errors)
            words = f"{words} {count}"
        at = STREAMS.index(Stream.BROWSER)
        if self.tabs.tabText(at) != words:
            self.tabs.setTabText(at, words)
            self._fit()
            self.tabs.setTabToolTip(at, tr("Errors of the page: {0}").format(self._errors) if self._errors else "")

    def _clear(self) -> None:
        self.view.clear_view()
        if self.stream is Stream.BROWSER:
            self.forget_errors()

    def _toggle_find(self, is_on: bool) -> None:
        if is_on:
            self.find_bar.open_search()
        else:
            self.find_bar.close_search()

    def _show_tab(self, index: int) -> None:
        self.stack.setCurrentIndex(index)
        is_health = index == len(STREAMS)
        self._tools.setVisible(not is_health)
        if is_health:
            self.find_bar.hide()
            self.find_button.setChecked(False)
            return
        self._stream = STREAMS[max(0, index)]
        self.find_bar.search_in(self.view)
        self.follow_button.setChecked(self.view.follows)

    def _show_follow(self, follows: bool) -> None:
        if self.sender() is self.view:
            self.follow_button.setChecked(follows)

    def _show_levels(self, least: Level) -> None:
        for view in self.views.values():
            view.show_levels(least)

    def _show_times(self, is_on: bool) -> None:
        for view in self.views.values():
            view.show_times(is_on)

    def _show_wrapped(self, is_on: bool) -> None:
        for view in self.views.values():
            view.show_wrapped(is_on)

    def _ask_save(self) -> None:
        stream = self.stream
        proposal = str(Path.home() / f"{self._name}-{stream.value}.log")
        dialog = QFileDialog(self, tr("Save the log"), proposal, tr("Log files (*.log *.txt)"))
        dialog.setObjectName("saveLogDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_requested.emit(stream, Path(name)))
        dialog.open()
