"""What a client accepts and which part it wants: Accept-Encoding and Range. Pure."""

import re

_RANGE = re.compile(r"(\d*)-(\d*)")
# Go's server has no such bound, but ever so many tiny parts cost more than the file.
_MOST_RANGES = 64


class UnsatisfiableRangeError(ValueError):
    """The ranges asked for lie outside the file."""


def encoding_for(accepted: str) -> str | None:
    """`identity` or `gzip` for an Accept-Encoding header (RFC 9110, 12.5.3); None when neither suits.

    Gzip only where it is the one thing asked for, or put above the plain bytes by name.
    """
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        if name.strip():
            weights[name.strip()] = _weight(parameters)
    gzip = weights.get("gzip", weights.get("*", 0.0))
    plain = weights.get("identity")
    if plain is None and weights.get("*") == 0:
        plain = 0.0
    if plain == 0:
        return "gzip" if gzip > 0 else None
    is_alone = {name for name, weight in weights.items() if weight > 0} == {"gzip"}
    is_above = plain is not None and "gzip" in weights and gzip > plain
    return "gzip" if is_alone or is_above else "identity"


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 1.0


def byte_ranges(header: str, size: int) -> list[tuple[int, int]] | None:
    """Each range's first byte and the one after its last; None when the whole file answers (RFC 9110, 14.2).

    The whole file also answers ranges that together are larger than it, as in Go.

    :raises UnsatisfiableRangeError: nothing asked for lies in the file.
    """
    unit, _, rest = header.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    found: list[tuple[int, int]] = []
    parts = [part.strip() for part in rest.split(",") if part.strip()]
    for part in parts:
        match = _RANGE.fullmatch(part)
        if match is None or match[1] == match[2] == "":
            return None
        if match[1] and match[2] and int(match[2]) < int(match[1]):
            return None
        span = (int(match[1]), int(match[2]) + 1 if match[2] else size) if match[1] else (size - int(match[2]), size)
        start, end = max(0, span[0]), min(span[1], size)
        if start < end:
            found.append((start, end))
    if not parts:
        return None
    if not found:
        raise UnsatisfiableRangeError(header)
    if len(found) > _MOST_RANGES or sum(end - start for start, end in found) > size:
        return None
    return found
