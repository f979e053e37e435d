"""The list of keys (F1), made from the commands themselves."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from craft_desktop.ui.commands import COMMANDS
from craft_desktop.ui.parts import label, line, push_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, GAP_XL
from craft_desktop.ui.words import tr

WIDTH, HEIGHT = 420, 560


class ShortcutsDialog(QDialog):
    """Shows every command that has a key. Not modal."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.resize(WIDTH, HEIGHT)
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(GAP_XL - 1, GAP_L, GAP_XL - 1, GAP_L)  # beside the edge that shows the focus
        grid.setVerticalSpacing(GAP)
        grid.setHorizontalSpacing(GAP_XL)
        grid.setColumnStretch(0, 1)
        rows = [(command.menu, tr(command.words), command.keys[0]) for command in COMMANDS if command.keys]
        rows.append(("&View", tr("Choose a project"), "Ctrl+1"))
        row, section = 0, ""
        for menu in dict.fromkeys(command.menu for command in COMMANDS):
            for _, words, keys in (entry for entry in rows if entry[0] == menu):
                if menu != section:
                    section = menu
                    head = label(tr(menu).replace("&", ""), "section")
                    head.setContentsMargins(0, GAP if row else 0, 0, GAP_S)
                    grid.addWidget(head, row, 0, 1, 2)
                    row += 1
                shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
                keys_label = label(f"{shown} … 9" if keys == "Ctrl+1" else shown, "muted")
                grid.addWidget(label(words.rstrip("…")), row, 0)
                grid.addWidget(keys_label, row, 1, Qt.AlignmentFlag.AlignRight)
                row += 1
        grid.setRowStretch(row, 1)
        scroll = QScrollArea()
        scroll.setObjectName("shortcutsScroll")
        scroll.setAccessibleName(tr("Keyboard shortcuts"))
        scroll.setWidget(table)
        scroll.setWidgetResizable(True)
        close = push_button("shortcutsClose", tr("Close"))
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP_XL, GAP_L - GAP_S, GAP_XL, GAP_L - GAP_S)
        bottom.addStretch(1)
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addWidget(line())
        column.addLayout(bottom)
