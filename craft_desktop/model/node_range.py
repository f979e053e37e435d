"""Whether a version of Node.js fits the range that `engines.node` names, as npm reads ranges (node-semver's grammar).

Before-release versions of Node.js (22.0.0-rc.1) are taken for the release they lead to.
"""

import re

Version = tuple[int, int, int]
_HIGHEST = 1 << 30  # above any part of a version
_END: Version = (_HIGHEST, 0, 0)
_PARTIAL = r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][0-9A-Za-z.+-]*)?"
_SPAN = re.compile(rf"\s*{_PARTIAL}\s+-\s+{_PARTIAL}\s*")
_COMPARISON = re.compile(rf"(>=|<=|>|<|=|\^|~>|~)?\s*{_PARTIAL}")


def fits(wanted: str, version: str) -> bool:
    """Answer whether `version` fits the range; a range that cannot be read is no reason to refuse."""
    told = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    if told is None:
        return False
    there: Version = (int(told[1]), int(told[2]), int(told[3]))
    try:
        return any(all(low <= there < high for low, high in _bounds(part)) for part in wanted.split("||"))
    except ValueError:
        return True


def _bounds(text: str) -> list[tuple[Version, Version]]:
    """Give the half-open intervals that a version must all be in.

    :raises ValueError: not a range.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        parts = span.groups()
        return [(_low(parts[:3]), _high(parts[3:]))]
    found, place, text = [], 0, text.strip()
    while place < len(text):
        match = _COMPARISON.match(text, place)
        if match is None or match.end() == place:
            raise ValueError(f"{text!r} is not a range")
        found.append(_interval(match[1] or "", match.groups()[1:]))
        place = match.end()
        while place < len(text) and text[place] in " ,":
            place += 1
    return found


def _interval(sign: str, parts: tuple[str | None, ...]) -> tuple[Version, Version]:
    low, high = _low(parts), _high(parts)
    match sign:
        case ">=":
            return low, _END
        case ">":
            return high, _END
        case "<":
            return (0, 0, 0), low
        case "<=":
            return (0, 0, 0), high
        case "^":
            if low[0] or not _is_number(parts[1]):
                return low, (low[0] + 1, 0, 0) if _is_number(parts[0]) else _END
            return low, ((0, low[1] + 1, 0) if low[1] or not _is_number(parts[2]) else high)
        case "~" | "~>":
            if not _is_number(parts[1]):
                return low, high
            return low, (low[0], low[1] + 1, 0)
        case _:
            return low, high


def _low(parts: tuple[str | None, ...]) -> Version:
    numbers = [int(part or 0) if _is_number(part) else 0 for part in parts]
    return numbers[0], numbers[1], numbers[2]


def _high(parts: tuple[str | None, ...]) -> Version:
    low = _low(parts)
    if not _is_number(parts[0]):
        return _END
    if not _is_number(parts[1]):
        return low[0] + 1, 0, 0
    if not _is_number(parts[2]):
        return low[0], low[1] + 1, 0
    return low[0], low[1], low[2] + 1


def _is_number(part: str | None) -> bool:
    return part is not None and part.isdecimal()
