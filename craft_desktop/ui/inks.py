"""The formats of a log's text: a program's styles as they can be read in the theme in force."""

from PySide6.QtGui import QColor, QFont, QTextBlockFormat, QTextCharFormat

from craft_desktop.ui.ansi import Style
from craft_desktop.ui.theme import Theme

MOST = 1_000
"""Styles kept; a rainbow begins again rather than keep every shade."""

QUIET = Style(colour=8)
"""Times, and what the program itself says between lines."""


class Inks:
    """Makes each format once."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._formats: dict[Style, QTextCharFormat] = {}
        self.line = QTextBlockFormat()
        self.divider = QTextBlockFormat()
        self.renew()

    def renew(self) -> None:
        """Make them anew: the theme changed."""
        self._formats.clear()
        self.divider.setBackground(QColor(self._theme.colours.hover))

    def of(self, style: Style) -> QTextCharFormat:
        """Give the format of a style."""
        form = self._formats.get(style)
        if form is None:
            if len(self._formats) > MOST:
                self._formats.clear()
            form = self._formats[style] = self._make(style)
        return form

    def of_divider(self) -> QTextCharFormat:
        """Give the format of what the program says between two starts."""
        form = QTextCharFormat()
        form.setForeground(QColor(self._theme.colours.muted))
        form.setFontWeight(QFont.Weight.DemiBold)
        return form

    def _make(self, style: Style) -> QTextCharFormat:
        form = QTextCharFormat()
        colours = self._theme.colours
        ground = colours.log
        fore, back = style.colour, style.background
        if style.inverse:
            fore, back = (back if back is not None else 0), (fore if fore is not None else 7)
        if back is not None:
            ground = self._theme.terminal(back, colours.log)
            form.setBackground(QColor(ground))
        if fore is not None or back is not None:
            form.setForeground(QColor(self._theme.terminal(7 if fore is None else fore, ground)))
        else:
            form.setForeground(QColor(colours.muted if style.dim else colours.text))
        if style.bold:
            form.setFontWeight(QFont.Weight.Bold)
        form.setFontItalic(style.italic)
        form.setFontUnderline(style.underline)
        return form
