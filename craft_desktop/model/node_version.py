"""Does a version of Node.js lie in the range that a project names (`engines.node`, `.nvmrc`)?

The ranges are npm's (semver): comparators, carets, tildes, partial versions, hyphens, `||`. What cannot be read is
taken to fit: the project then shows by itself what it lacks.
"""

import re

Version = tuple[int, int, int]
_PART = re.compile(r"(<=|>=|<|>|=|\^|~>?|)\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][0-9A-Za-z.+-]+)?")
_HYPHEN = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*")
_NO_END: Version = (10**9, 0, 0)


def parse_version(text: str) -> Version | None:
    """Give a whole version such as `v20.20.2`, or None."""
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def fits(version: Version, wanted: str) -> bool:
    """Does `version` lie in the range `wanted`? A range that cannot be read is one that fits."""
    choices = [_bounds(choice) for choice in wanted.split("||")]
    return any(bounds is None or all(low <= version < high for low, high in bounds) for bounds in choices)


def _bounds(choice: str) -> list[tuple[Version, Version]] | None:
    """Give the half-open ranges that must all hold; None where a part cannot be read."""
    hyphen = _HYPHEN.fullmatch(choice)
    if hyphen:
        choice = f">={hyphen[1]} <={hyphen[2]}"
    found: list[tuple[Version, Version]] = []
    rest = re.sub(r"(<=|>=|<|>|=|\^|~>?)\s+", r"\1", choice).split()
    for word in rest:
        part = _PART.fullmatch(word)
        if part is None:
            return None
        numbers = [int(number) if number and number.isdigit() else None for number in part.groups()[1:]]
        found.append(_range(part[1], numbers))
    return found


def _range(operator: str, numbers: list[int | None]) -> tuple[Version, Version]:
    major, minor, patch = numbers
    if major is None:
        return (0, 0, 0), _NO_END
    low: Version = (major, minor or 0, patch or 0 if minor is not None else 0)
    after = _after(major, minor, patch if minor is not None else None)
    match operator:
        case ">=":
            return low, _NO_END
        case ">":
            return after, _NO_END
        case "<":
            return (0, 0, 0), low
        case "<=":
            return (0, 0, 0), after
        case "^" if major > 0 or minor is None:
            return low, (major + 1, 0, 0)
        case "^" | "~" | "~>" if minor is not None:
            return low, (major, minor + 1, 0)
        case _:
            return low, after


def _after(major: int, minor: int | None, patch: int | None) -> Version:
    """Give the first version behind all that these numbers mean."""
    if minor is None:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if patch is None else (major, minor, patch + 1)
