"""How grave a line of a log is. Pure."""

import re
from enum import IntEnum

from craft_desktop.model.plain import plain


class Level(IntEnum):
    """From harmless to grave; a filter shows one level and what is graver."""

    INFO = 0
    """All that is no trouble."""
    WARNING = 1
    ERROR = 2


LOOKED_AT = 400
"""Letters of a line that are looked at, escapes counted: tools say early in a line what it is."""

# An error by its first word (npm error, ERROR in ./src, Error: ..., TypeError: ..., Unhandled ...), by a tool's mark
# (Next.js `⨯`, esbuild and Vite `✘ [ERROR]`, ESLint `12:3  error  ...`, TypeScript `error TS2322`), or by npm's codes.
_ERROR = re.compile(
    r"^\W{0,8}(?:npm (?:error|err!)|yarn error|err_pnpm\w*|error\b|fatal\b|panic\b|uncaught\b"
    r"|unhandled\w* |failed to |module not found|cannot find module|syntax ?error|(?-i:[A-Z])\w*(?:error|exception)\b"
    r"|build error|parsing ecmascript)"
    r"|^\s*(?:⨯|✘|✖|❌|×)\s"
    r"|\berror TS\d+:|\[error\]|^\s*\d+:\d+\s+error\s|\[vite\] (?:internal server )?error|\bE[A-Z]{4,}: "
    r"|\b(?:ERR_[A-Z_]{3,}|ELIFECYCLE|ERESOLVE)\b|\[(?:cause|errors?)\]:",
    re.IGNORECASE,
)
_WARNING = re.compile(
    r"^\W{0,8}(?:npm warn\b|warn(?:ing)?\b|deprecat|\(node:\d+\) \w*warning)"
    r"|^\s*(?:⚠|▲ \[WARNING\])|\[warn(?:ing)?\]|^\s*\d+:\d+\s+warning\s|\bdeprecat(?:ed|ion)\b",
    re.IGNORECASE,
)
# A request in a dev server's log: `GET /products 404 in 48ms`.
_REQUEST = re.compile(r"^\s*(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S{1,300} ([1-5])\d\d\b")


def level_of(text: str) -> Level:
    """Tell how grave a line is by its words; colours do not count, for a project may paint as it likes."""
    start = plain(text, LOOKED_AT)
    request = _REQUEST.match(start)
    if request is not None:
        return {"4": Level.WARNING, "5": Level.ERROR}.get(request[1], Level.INFO)
    if _ERROR.search(start):
        # `npm warn deprecated ... error` and its like are warnings, whatever they speak of.
        return Level.WARNING if _WARNING.match(start) else Level.ERROR
    return Level.WARNING if _WARNING.search(start) else Level.INFO


# What stands below an error and belongs to it: frames of a stack, the source around it, anything set in by far.
_BELONGS = re.compile(r"^(?:   |\t|  ?at |[>\s]{0,3}\d+ \||\s*\||\s*[│╰╭,`]|\s*\^)")


def level_below(above: Level, text: str) -> Level:
    """Tell how grave a line is that stands below another of the level `above`: a stack belongs to its error."""
    own = level_of(text)
    if own >= above:
        return own
    return above if _BELONGS.match(plain(text, LOOKED_AT)) else own
