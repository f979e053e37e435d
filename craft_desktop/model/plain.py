"""A log's line as it reads, without its colours. Pure.

The window draws colours (`ui/ansi.py`); rules that look for words must not be led astray by them.
"""

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI (ECMA-48, 5.4)
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles and links
    r"|\x1b."
)


def plain(text: str, most: int) -> str:
    """Give the first `most` letters of `text` (escapes counted) without what a terminal would not print."""
    return _ESCAPES.sub("", text[:most])
