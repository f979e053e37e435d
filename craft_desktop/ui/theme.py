"""Colours, spacing, radii and type sizes: the only place that knows them; light and dark.

Text on its ground has a contrast of 4.5 or more (WCAG 2.2, 1.4.3); `tests/ui/test_theme.py` holds every pair to it.
"""

import math
import string
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from craft_desktop.ui.ansi import Colour
from craft_desktop.ui.present import Tone

STEP = 4
"""The grid, in pixels: every gap is a multiple."""
GAP_S, GAP, GAP_L, GAP_XL = STEP, 2 * STEP, 4 * STEP, 6 * STEP
RADIUS, RADIUS_L = 6, 12
FONT, FONT_SMALL, FONT_LARGE, FONT_TITLE, FONT_MONO = 13, 12, 15, 20, 12
ICON, ICON_LARGE = 16, 40
CONTROL = 30
"""The height of a button or a field: text, its padding, and room for a finger's error."""
BAR = 40
"""The height of a bar of such controls."""
LEGIBLE = 4.5
"""The least contrast of text (WCAG 2.2, level AA)."""


@dataclass(frozen=True, slots=True)
class Colours:
    """One scheme. Washes are grounds for text of the tone of their name."""

    is_dark: bool
    window: str
    sidebar: str
    surface: str
    hover: str
    pressed: str
    selected: str
    border: str
    edge: str
    field: str
    """The edge of what is typed into, and the handle of what scrolls: nothing else tells where these are."""
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    focus: str
    """The frame of what has the keys."""
    ring: str
    """The same, around what has the accent for a ground."""
    link: str
    good: str
    busy: str
    bad: str
    bad_wash: str
    info_wash: str
    found: str
    found_now: str
    log: str
    palette: tuple[str, ...]


LIGHT = Colours(
    is_dark=False,
    window="#f7f8fa",
    sidebar="#eef0f4",
    surface="#ffffff",
    hover="#e6e9ef",
    pressed="#d9dde6",
    selected="#d9e5fb",
    border="#dde1e8",
    edge="#c3c9d4",
    field="#7f8898",
    text="#1a1e26",
    muted="#565f6e",
    faint="#9aa2af",
    accent="#1d5fd0",
    accent_hover="#1a55bb",
    accent_pressed="#164aa4",
    on_accent="#ffffff",
    focus="#1d5fd0",
    ring="#0a0c10",
    link="#1a55bb",
    good="#15702f",
    busy="#8a5300",
    bad="#b3261e",
    bad_wash="#fdeceb",
    info_wash="#e8f0fd",
    found="#ffe7a3",
    found_now="#ffb84d",
    log="#ffffff",
    # black, red, green, yellow, blue, magenta, cyan, white; then the bright ones
    palette=(
        *("#1a1e26", "#b3261e", "#15702f", "#8a5300", "#1d5fd0", "#8e2fa8", "#0b6a7d", "#565f6e"),
        *("#565f6e", "#c62828", "#17743a", "#875800", "#2563d9", "#9a36b4", "#0d6d80", "#1a1e26"),
    ),
)

DARK = Colours(
    is_dark=True,
    window="#181a20",
    sidebar="#131519",
    surface="#1f222a",
    hover="#2a2e38",
    pressed="#343945",
    selected="#233654",
    border="#2b2f39",
    edge="#434a58",
    field="#707a8b",
    text="#e7eaf0",
    muted="#a0a9b8",
    faint="#666f7e",
    accent="#2f6fe0",
    accent_hover="#2866d4",
    accent_pressed="#1f59c0",
    on_accent="#ffffff",
    focus="#7fb0ff",
    ring="#ffffff",
    link="#7fb0ff",
    good="#57c478",
    busy="#e5ac4b",
    bad="#ff8a80",
    bad_wash="#3a2224",
    info_wash="#1d2a40",
    found="#5c4a12",
    found_now="#8a5a00",
    log="#14161b",
    palette=(
        *("#8b94a3", "#ff8a80", "#57c478", "#e5ac4b", "#7fb0ff", "#d99bf0", "#5cc9dd", "#d3d8e0"),
        *("#a0a9b8", "#ffa198", "#76d692", "#f2c36b", "#9cc3ff", "#e5b4f7", "#7fdcec", "#ffffff"),
    ),
)


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dark = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else math.pow((part + 0.055) / 1.055, 2.4)
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=1024)  # a program in full colour uses some hundred
def legible(colour: str, ground: str) -> str:
    """Give `colour`, moved towards black or white until it can be read on `ground`."""
    shade = QColor(colour)
    is_dark_ground = _luminance(QColor(ground)) < 0.18  # where black and white stand out alike
    for _ in range(24):  # 0.85 ** 24 is 2 %: black or white is as good as reached
        if contrast(shade.name(), ground) >= LEGIBLE:
            break
        towards = 255 if is_dark_ground else 0
        shade = QColor(*(round(part + (towards - part) * 0.15) for part in (shade.red(), shade.green(), shade.blue())))
    return shade.name()


class Theme(QObject):
    """The scheme in force: the person's choice, or the system's as it changes.

    :param resources: holds the template `style.qss`.
    """

    changed = Signal()

    def __init__(self, app: QApplication, resources: Path) -> None:
        super().__init__(app)
        self._app = app
        self._template = string.Template((resources / "style.qss").read_text(encoding="utf-8"))
        self._choice = "system"
        self._colours: Colours | None = None
        app.setStyle("Fusion")
        font = QFont(app.font())
        font.setPixelSize(FONT)
        app.setFont(font)
        app.styleHints().colorSchemeChanged.connect(self._renew)
        self._renew()

    @property
    def colours(self) -> Colours:
        """The colours in force."""
        return self._colours or LIGHT

    @property
    def mono(self) -> QFont:
        """The font of logs."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(FONT_MONO)
        return font

    def tone(self, tone: Tone) -> QColor:
        """Give the colour that says `tone`."""
        colours = self.colours
        names = {Tone.QUIET: colours.muted, Tone.BUSY: colours.busy, Tone.GOOD: colours.good, Tone.BAD: colours.bad}
        return QColor(names[tone])

    def terminal(self, colour: Colour, ground: str) -> str:
        """Give a terminal's colour as it can be read on `ground`."""
        name = self.colours.palette[colour] if isinstance(colour, int) else QColor(*colour).name()
        return legible(name, ground)

    def choose(self, choice: str) -> None:
        """Follow "system", or be "light" or "dark" for good."""
        if choice == self._choice:
            return
        self._choice = choice
        hints = self._app.styleHints()
        if choice == "system":
            hints.unsetColorScheme()
        else:
            # Where the platform heeds it, title bars, native dialogs and the page follow too.
            hints.setColorScheme(Qt.ColorScheme.Dark if choice == "dark" else Qt.ColorScheme.Light)
        self._renew()

    def _renew(self) -> None:
        is_dark = self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        if self._choice != "system":
            is_dark = self._choice == "dark"
        colours = DARK if is_dark else LIGHT
        if colours is self._colours:
            return
        self._colours = colours
        self._app.setPalette(_palette(colours))
        self._app.setStyleSheet(style_sheet(self._template, colours))
        self.changed.emit()


def style_sheet(template: string.Template, colours: Colours) -> str:
    """Fill the template; a name it uses and nobody knows raises KeyError."""
    sizes = {
        "gap_s": GAP_S, "gap": GAP, "gap_l": GAP_L, "radius": RADIUS, "radius_l": RADIUS_L, "control": CONTROL,
        "font": FONT, "font_small": FONT_SMALL, "font_large": FONT_LARGE, "font_title": FONT_TITLE,
    }  # fmt: skip
    mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    rest: dict[str, object] = {"font_mono": FONT_MONO, "mono": mono}
    rest["inner"] = CONTROL - 2  # a control without its border of one pixel at each side
    return template.substitute({**asdict(colours), **sizes, **rest})


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.window,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.window,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.Button: colours.surface,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Link: colours.link,
        QPalette.ColorRole.ToolTipBase: colours.surface,
        QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.muted,
        QPalette.ColorRole.Accent: colours.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.faint))
    return palette
