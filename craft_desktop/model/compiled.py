"""What a compiled script says of its own source map: the comment at its end, or that of a module it evaluates. Pure.

The comment's rule is ECMA-426's ("without parsing"), read from the end. webpack keeps a dev server's modules as texts
to be evaluated (`eval-source-map`): each names itself by `sourceURL` and carries its own map, in base64, before that.
"""

import base64
import binascii
import json
import re
from urllib.parse import unquote_to_bytes

_COMMENT = re.compile(rb"[@#]\s*sourceMappingURL=(\S*?)\s*$")
_MARK = b"sourceMappingURL="
_INLINE = re.compile(r"data:(?:application|text)/json(;[^,]{0,100})?,", re.IGNORECASE)
# XSSI's line before a map; what follows it to the line's end is not looked at (ECMA-426, fetching source maps).
_GUARD = b")]}'"


def map_address(script: bytes) -> str:
    """Give the address of a script's source map as its last comment names it; "" where none does."""
    end = len(script)
    while end > 0:
        start = script.rfind(b"\n", 0, end) + 1
        line = script[start:end].strip()
        end = start - 1
        if not line:
            continue
        # A comment of one line; one that other code stands behind or before names no map of the whole script.
        if line.startswith(b"//"):
            body = line[2:]
        elif line.startswith(b"/*") and line.endswith(b"*/"):
            body = line[2:-2]
        else:
            at = line.rfind(b"//")  # a minifier leaves it in its only line of code
            return _named(line[at + 2 :]) if at >= 0 and line.startswith(_MARK, at + 4) else ""
        found = _named(body)
        if found:
            return found
    return ""


def module_map(script: bytes, module: str) -> str:
    """Give the map (a `data:` address) of a module that a script evaluates under the name `module`; "" for none."""
    name = json.dumps(module)[1:-1].encode()  # as a text of the script spells it
    end = script.rfind(b"sourceURL=" + name + b"\\n")
    if end < 0:
        return ""
    # The map stands between the module's own code and its name, in the same text and so in the same line.
    start = script.rfind(_MARK, max(script.rfind(b"\n", 0, end), 0), end)
    if start < 0:
        return ""
    text = script[start + len(_MARK) : end]
    return text.partition(b"\\n")[0].decode("ascii", "replace")


def inline_map(address: str) -> bytes | None:
    """Give what a `data:` address holds (RFC 2397); None where it is another address or holds nothing readable."""
    head = _INLINE.match(address)
    if head is None:
        return None
    body = unquote_to_bytes(address[head.end() :])
    if not (head[1] or "").lower().endswith(";base64"):
        return body
    try:
        return base64.b64decode(body + b"=" * (-len(body) % 4))
    except binascii.Error:
        return None


def without_guard(text: bytes) -> bytes:
    """Give a map's text without the line that a server may put before it."""
    if not text.startswith(_GUARD):
        return text
    end = re.search(rb"[\r\n]", text)
    return text[end.start() :] if end else b""


def _named(comment: bytes) -> str:
    found = _COMMENT.match(comment)
    return found[1].decode("utf-8", "replace") if found else ""
