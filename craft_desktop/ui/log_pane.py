"""The logs of one project: a tab for each stream, and what can be done with them."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.ui import present
from craft_desktop.ui.find_bar import FindBar
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.log_view import LogView
from craft_desktop.ui.parts import tool_button
from craft_desktop.ui.theme import GAP, GAP_S, Theme
from craft_desktop.ui.words import tr


class LogPane(QWidget):
    """Three logs, one in sight."""

    save_requested = Signal(Stream, Path)

    def __init__(self, theme: Theme, icons: Icons, name: str) -> None:
        super().__init__()
        self.setObjectName("logPane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = name
        self.views = {stream: LogView(theme) for stream in Stream}
        self.tabs = QTabBar()
        self.tabs.setObjectName("logTabs")
        self.tabs.setAccessibleName(tr("Logs"))
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.stack = QStackedWidget()
        for stream, view in self.views.items():
            view.setObjectName(f"log-{stream.value}")
            view.setAccessibleName(tr("Log: {0}").format(present.stream(stream, tr)))
            view.follow_changed.connect(self._show_follow)
            self.tabs.addTab(present.stream(stream, tr))
            self.stack.addWidget(view)
        self.find_bar = FindBar(theme, icons)

        self.times_button = tool_button("timesButton", tr("Show times"), icons, "clock", checkable=True)
        self.wrap_button = tool_button("wrapButton", tr("Break long lines"), icons, "wrap", checkable=True)
        self.follow_button = tool_button("followButton", tr("Follow the end"), icons, "follow", checkable=True)
        self.find_button = tool_button("findButton", tr("Find (Ctrl+F)"), icons, "search", checkable=True)
        self.copy_button = tool_button("copyLogButton", tr("Copy the selection, or the whole log"), icons, "copy")
        self.save_button = tool_button("saveLogButton", tr("Save as a file"), icons, "save")
        self.clear_button = tool_button("clearLogButton", tr("Clear the view"), icons, "clear")
        self.follow_button.setChecked(True)
        self.times_button.toggled.connect(self._show_times)
        self.wrap_button.toggled.connect(self._show_wrapped)
        self.follow_button.clicked.connect(lambda on: self.view.follow(on))
        self.find_button.clicked.connect(self._toggle_find)
        self.find_bar.closed.connect(lambda: self.find_button.setChecked(False))
        self.copy_button.clicked.connect(self.copy)
        self.save_button.clicked.connect(self._ask_save)
        self.clear_button.clicked.connect(lambda: self.view.clear_view())

        top = QHBoxLayout()
        top.setContentsMargins(GAP, 0, GAP, 0)
        top.setSpacing(GAP_S // 2)
        top.addWidget(self.tabs)
        top.addStretch(1)
        for button in (self.find_button, self.times_button, self.wrap_button, self.follow_button):
            top.addWidget(button)
        top.addSpacing(GAP)
        for button in (self.copy_button, self.save_button, self.clear_button):
            top.addWidget(button)
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
        """The log in sight."""
        return self.views[self.stream]

    @property
    def stream(self) -> Stream:
        """Which log is in sight."""
        return list(Stream)[max(0, self.tabs.currentIndex())]

    def show_stream(self, stream: Stream) -> None:
        """Bring a log into sight."""
        self.tabs.setCurrentIndex(list(Stream).index(stream))

    def add(self, lines: Iterable[LogLine]) -> None:
        """Take lines of any stream."""
        sorted_lines: dict[Stream, list[LogLine]] = {stream: [] for stream in Stream}
        for line in lines:
            sorted_lines[line.stream].append(line)
        for stream, of_stream in sorted_lines.items():
            if of_stream:
                self.views[stream].add(of_stream)

    def add_line(self, line: LogLine) -> None:
        """Take one line."""
        self.views[line.stream].add_line(line)

    def open_search(self) -> None:
        """Open the search."""
        self.find_button.setChecked(True)
        self.find_bar.open_search()

    def copy(self) -> None:
        """Copy the selection, or the whole log if nothing is selected."""
        chosen = self.view.textCursor().selectedText().replace("\u2029", "\n")
        QGuiApplication.clipboard().setText(chosen or self.view.toPlainText())

    def _toggle_find(self, is_on: bool) -> None:
        if is_on:
            self.find_bar.open_search()
        else:
            self.find_bar.close_search()

    def _show_tab(self, index: int) -> None:
        self.stack.setCurrentIndex(index)
        self.find_bar.search_in(self.view)
        self.follow_button.setChecked(self.view.follows)

    def _show_follow(self, follows: bool) -> None:
        if self.sender() is self.view:
            self.follow_button.setChecked(follows)

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
