"""Icons: SVG files of one stroke colour, tinted with the theme in force."""

import math
import weakref
from pathlib import Path

import shiboken6
from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPixmap, QScreen
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QPushButton

from craft_desktop.ui.theme import ICON, Theme

BESIDE_TEXT = 4
"""More space between icon and text than Qt leaves: it comes with the icon."""


class Icons(QObject):
    """Draws icons and keeps those of buttons in the theme's colours.

    :param resources: holds `icons/NAME.svg`.
    """

    def __init__(self, theme: Theme, resources: Path) -> None:
        super().__init__(theme)
        self._theme = theme
        self._folder = resources / "icons"
        self._texts: dict[str, str] = {}
        self._drawn: dict[tuple[str, str, str, int], QIcon] = {}
        self._bound: list[tuple[weakref.ref[QAbstractButton | QAction], str, str]] = []
        self._scales: frozenset[int] = frozenset()
        theme.changed.connect(self._retint)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self._watch)
        application.screenRemoved.connect(self._look_at_screens)
        for screen in application.screens():
            self._watch(screen)

    @property
    def theme(self) -> Theme:
        """Whose colours they have."""
        return self._theme

    def bind(self, target: QAbstractButton | QAction, name: str, role: str = "muted") -> None:
        """Give `target` an icon, and give it anew when the theme changes.

        :param role: the name of a colour of `theme.Colours`.
        """
        self._bound = [entry for entry in self._bound if entry[0]() not in (None, target)]
        self._bound.append((weakref.ref(target), name, role))
        if isinstance(target, QPushButton):
            target.setIconSize(QSize(ICON + BESIDE_TEXT, ICON))
        target.setIcon(self._icon_for(target, name, role))

    def icon(self, name: str, role: str = "muted", gap: int = 0) -> QIcon:
        """Give an icon in the colour of `role`; greyed where it is disabled.

        Drawn once, for the screens there are: each project's pane has 36, and for screens of one, two and three pixels
        a point they took 15 of the 80 ms that it was made in (measured).

        :param gap: empty points at its right.
        """
        colours = self._theme.colours
        wanted = (name, getattr(colours, role), colours.faint, gap)
        icon = self._drawn.get(wanted)
        if icon is not None:
            return icon
        icon = self._drawn[wanted] = QIcon()
        for mode, colour in ((QIcon.Mode.Normal, getattr(colours, role)), (QIcon.Mode.Disabled, colours.faint)):
            for scale in self._scales:
                icon.addPixmap(self.pixmap(name, colour, ICON, scale, gap), mode)
        return icon

    def pixmap(self, name: str, colour: str, size: int, scale: float, gap: int = 0) -> QPixmap:
        """Draw an icon of `size` points at `scale` pixels a point, `gap` empty points at its right."""
        text = self._texts.get(name)
        if text is None:
            text = self._texts[name] = (self._folder / f"{name}.svg").read_text(encoding="utf-8")
        drawing = QSvgRenderer(QByteArray(text.replace("currentColor", QColor(colour).name()).encode()))
        pixmap = QPixmap(QSize(size + gap, size) * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        drawing.render(painter, QRectF(0, 0, size * scale, size * scale))
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def application(self) -> QIcon:
        """Give the program's own icon."""
        icon = QIcon()
        for size in (16, 32, 48, 64, 128, 256):  # what window managers and docks ask for
            icon.addPixmap(self.pixmap("craft-desktop", "#000000", size, 1))
        return icon

    def _icon_for(self, target: QAbstractButton | QAction, name: str, role: str) -> QIcon:
        return self.icon(name, role, BESIDE_TEXT if isinstance(target, QPushButton) else 0)

    def _watch(self, screen: QScreen) -> None:
        screen.geometryChanged.connect(self._look_at_screens)  # in points: another scale is another size
        self._look_at_screens()

    def _look_at_screens(self) -> None:
        scales = frozenset(math.ceil(screen.devicePixelRatio()) for screen in QGuiApplication.screens())
        if scales - self._scales:
            self._scales |= scales
            self._drawn.clear()
            self._retint()

    def _retint(self) -> None:
        alive = []
        for entry in self._bound:
            target = entry[0]()
            if target is not None and shiboken6.isValid(target):
                target.setIcon(self._icon_for(target, entry[1], entry[2]))
                alive.append(entry)
        self._bound = alive
