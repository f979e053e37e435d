"""What a person sees first: a large place to drop a folder, and two buttons."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label, push_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_XL, ICON_LARGE, RADIUS_L, Theme
from craft_desktop.ui.words import tr

DASH = [4.0, 4.0]
"""Lengths of dash and gap, in widths of the line."""


class DropTarget(QWidget):
    """A dashed frame."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame."""
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(colours.edge), 1.5)
        pen.setDashPattern(DASH)
        painter.setPen(pen)
        painter.setBrush(QColor(colours.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS_L, RADIUS_L)
        painter.end()


class EmptyState(QScrollArea):
    """Nothing is on the list yet."""

    open_requested = Signal()
    sample_requested = Signal()

    def __init__(self, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self._theme, self._icons = theme, icons
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = label(tr("Drop your project’s folder here"), "title", wraps=True)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = label(
            tr("Any folder with a package.json that has a “dev” script.\n"
               "It runs in a sandbox, and the page appears right here."),
            "muted",
            wraps=True,
        )  # fmt: skip
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = push_button("openFolderButton", tr("Open a folder"), "primary")
        self.sample_button = push_button("sampleButton", tr("Try the sample project"))
        icons.bind(self.open_button, "folder", "on_accent")
        icons.bind(self.sample_button, "spark", "text")
        self.open_button.clicked.connect(self.open_requested)
        self.sample_button.clicked.connect(self.sample_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addStretch(1)

        target = DropTarget(theme)
        target.setMaximumWidth(720)
        target.setMaximumHeight(420)
        inside = QVBoxLayout(target)
        inside.setContentsMargins(2 * GAP_XL, GAP_XL, 2 * GAP_XL, GAP_XL)
        inside.setSpacing(GAP)
        inside.addStretch(1)
        inside.addWidget(self._picture)
        inside.addSpacing(GAP)
        inside.addWidget(title)
        inside.addWidget(text)
        inside.addSpacing(GAP_L)
        inside.addLayout(buttons)
        inside.addStretch(1)

        content = QWidget()
        content.setObjectName("emptyState")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(target, 100)
        row.addStretch(1)
        around = QVBoxLayout(content)
        around.setContentsMargins(2 * GAP_XL, 2 * GAP_XL, 2 * GAP_XL, 2 * GAP_XL)
        around.addStretch(1)
        around.addLayout(row, 100)
        around.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme.changed.connect(self._tint)
        self._tint()

    def set_busy(self, is_busy: bool) -> None:
        """Grey the buttons while a project is being added."""
        self.open_button.setEnabled(not is_busy)
        self.sample_button.setEnabled(not is_busy)

    def _tint(self) -> None:
        colour = self._theme.colours.accent
        self._picture.setPixmap(self._icons.pixmap("folder-drop", colour, ICON_LARGE, self.devicePixelRatioF()))
