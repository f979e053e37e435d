"""What covers the window while the program ends, or says why it could not begin."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from craft_desktop.model.errors import Problem
from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_XL
from craft_desktop.ui.words import tr

BAR_WIDTH = 240


class Curtain(QWidget):
    """A headline, a text, and either a bar that moves or a button."""

    quit_requested = Signal()
    closed = Signal()
    """Shown as a window of its own, it was closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("content")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = label("", "title", wraps=True)
        self.title.setObjectName("curtainTitle")
        self.text = label("", "muted", wraps=True)
        self.text.setObjectName("curtainText")
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(BAR_WIDTH)
        self.button = push_button("curtainQuit", tr("Quit"), "primary")
        self.button.clicked.connect(self.quit_requested)
        for widget in (self.title, self.text):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_XL)
        column.setSpacing(GAP + GAP // 2)
        column.addStretch(1)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addSpacing(GAP_L)
        column.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.hide()

    def show_stopping(self, running: int) -> None:
        """Say that the program is ending `running` previews."""
        self.title.setText(tr("Stopping…"))
        if running == 0:
            self.text.setText(tr("One moment."))
        elif running == 1:
            self.text.setText(tr("Stopping one preview and everything it started."))
        else:
            self.text.setText(tr("Stopping {0} previews and everything they started.").format(running))
        self.bar.show()
        self.button.hide()
        self._cover()

    def show_problem(self, problem: Problem) -> None:
        """Say why the program cannot begin."""
        self.title.setText(problem.title)
        self.text.setText(f"{problem.detail}\n\n{problem.remedy}")
        self.bar.hide()
        self.button.show()
        self._cover()
        self.button.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that the window was closed."""
        super().closeEvent(event)
        self.closed.emit()

    def _cover(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()
