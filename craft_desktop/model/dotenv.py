"""Reads a .env file as the dotenv package does (measured side by side with its version 18).

What that means where shells differ: a `#` ends a bare value wherever it stands; quotes may be ' " or `, and then the
value may go over several lines; `\\n` and `\\r` are line ends between double quotes alone; a `$NAME` stays as it is; a
line that is no assignment is passed over; of a name that comes twice the last value counts.
"""

import re

_QUOTES = "'\"`"
_ASSIGNMENT = re.compile(r"^[^\S\n]*(?:export\s+)?([A-Za-z0-9_.-]+)(?:\s*=|:\s)", re.MULTILINE)
# What may stand between a closing quote and the line's end.
_TAIL = re.compile(r"[^\S\n]*(?:#.*)?$", re.MULTILINE)
_BARE = re.compile(r"[^#\n]*")


def parse_dotenv(text: str) -> dict[str, str]:
    """Give the names and values of a .env file, in its order."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found: dict[str, str] = {}
    at = 0
    while (assignment := _ASSIGNMENT.search(text, at)) is not None:
        raw, at = _value(text, assignment.end())
        found[assignment[1]] = _without_quotes(raw)
    return found


def _value(text: str, at: int) -> tuple[str, int]:
    """Give the value that begins at `at`, with its quotes, and where it ends."""
    quoted = _quoted_end(text, at)
    if quoted is not None:
        return text[at:quoted].strip(), quoted
    bare = _BARE.match(text, at)
    end = bare.end() if bare is not None else at
    # The rest of the line is a comment: nothing in it is an assignment.
    line_end = text.find("\n", end)
    return text[at:end].strip(), len(text) if line_end < 0 else line_end


def _quoted_end(text: str, at: int) -> int | None:
    """Find the end of a quoted value: the last quote that may close it and has nothing but a comment behind it.

    A quote behind a backslash does not close, unless none further on does.
    """
    while at < len(text) and text[at].isspace():
        at += 1
    if at == len(text) or text[at] not in _QUOTES:
        return None
    ends = []
    end = text.find(text[at], at + 1)
    while end >= 0:
        ends.append(end + 1)
        if text[end - 1] != "\\" or end - 1 == at:
            break
        end = text.find(text[at], end + 1)
    return next((end for end in reversed(ends) if _TAIL.match(text, end)), None)


def _without_quotes(raw: str) -> str:
    quote = raw[:1]
    value = raw[1:-1] if len(raw) > 1 and quote in _QUOTES and raw[-1] == quote else raw
    return value.replace("\\n", "\n").replace("\\r", "\r") if quote == '"' else value
