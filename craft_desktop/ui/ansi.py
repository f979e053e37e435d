"""A log line with ANSI escapes, taken apart into runs of text and style. Pure.

Source: ECMA-48. Colours and weights (SGR) are kept; every other escape is dropped, for a log has no cursor to
move. A carriage return means what a terminal shows in the end: the last text written over the line.
"""

import re
from dataclasses import dataclass, replace

Colour = int | tuple[int, int, int]
"""0-15 of the terminal's palette, or red, green and blue."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a run looks."""

    colour: Colour | None = None
    background: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one style."""

    text: str
    style: Style


PLAIN = Style()

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
# In order: CSI of any kind, OSC up to its end (BEL or ST), other strings (DCS, PM, APC), two-character escapes,
# and a sequence that the line's end cut off.
_OTHER = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-ln-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)"
    r"|\x1b[P^_X][^\x1b]*(?:\x1b\\|$)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
    r"|\x1b\[?[0-?]*[ -/]*$"
)
# Control characters but tab and escape; the Unicode ones that turn text around (a log line must not lie about
# its order); line separators that a text view would break at.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def parse(line: str) -> tuple[Run, ...]:
    """Take a line apart; a line without text has no runs."""
    text = line.rstrip("\r\n")
    if "\r" in text:
        text = text.rpartition("\r")[2]
    if "\x1b" not in text:
        plain = _CONTROL.sub("", text)
        return (Run(plain, PLAIN),) if plain else ()
    text = _CONTROL.sub("", _strip_others(text))
    runs: list[Run] = []
    style, at = PLAIN, 0
    for found in _SGR.finditer(text):
        _add(runs, text[at : found.start()], style)
        style = _apply(style, found[1])
        at = found.end()
    _add(runs, text[at:], style)
    return tuple(runs)


def strip(line: str) -> str:
    """Give a line's text alone."""
    return "".join(run.text for run in parse(line))


def _strip_others(text: str) -> str:
    return _OTHER.sub("", text)


def _add(runs: list[Run], text: str, style: Style) -> None:
    text = text.replace("\x1b", "")
    if not text:
        return
    if runs and runs[-1].style == style:
        runs[-1] = Run(runs[-1].text + text, style)
    else:
        runs.append(Run(text, style))


def _apply(style: Style, parameters: str) -> Style:
    codes = [int(part) if part else 0 for part in re.split("[;:]", parameters)]
    at = 0
    while at < len(codes):
        code = codes[at]
        at += 1
        if code in (38, 48):
            colour, at = _extended(codes, at)
            if colour is not None:
                style = replace(style, colour=colour) if code == 38 else replace(style, background=colour)
        else:
            style = _apply_one(style, code)
    return style


def _apply_one(style: Style, code: int) -> Style:
    match code:
        case 0:
            return PLAIN
        case 1:
            return replace(style, bold=True)
        case 2:
            return replace(style, dim=True)
        case 3:
            return replace(style, italic=True)
        case 4:
            return replace(style, underline=True)
        case 7:
            return replace(style, inverse=True)
        case 22:
            return replace(style, bold=False, dim=False)
        case 23:
            return replace(style, italic=False)
        case 24:
            return replace(style, underline=False)
        case 27:
            return replace(style, inverse=False)
        case 39:
            return replace(style, colour=None)
        case 49:
            return replace(style, background=None)
    for first, bright in ((30, 0), (90, 8)):
        if first <= code <= first + 7:
            return replace(style, colour=code - first + bright)
        if first + 10 <= code <= first + 17:
            return replace(style, background=code - first - 10 + bright)
    return style


def _extended(codes: list[int], at: int) -> tuple[Colour | None, int]:
    """Read what follows 38 or 48: `5;n` of 256 colours, or `2;r;g;b`. Answers the colour and the next place."""
    kind = codes[at] if at < len(codes) else -1
    if kind == 5 and at + 1 < len(codes):
        return _of_256(codes[at + 1]), at + 2
    if kind == 2 and at + 3 < len(codes):
        red, green, blue = (min(value, 255) for value in codes[at + 1 : at + 4])
        return (red, green, blue), at + 4
    return None, len(codes)


def _of_256(number: int) -> Colour | None:
    """Give xterm's colour: 16 of the palette, a cube of 6 x 6 x 6, 24 greys."""
    if number < 16:
        return number
    if number < 232:
        cube = number - 16
        red, green, blue = (0 if level == 0 else 55 + 40 * level for level in (cube // 36, cube // 6 % 6, cube % 6))
        return (red, green, blue)
    if number < 256:
        grey = 8 + 10 * (number - 232)
        return (grey, grey, grey)
    return None
