"""A project's own environment variables: which names and values there may be.

Names are POSIX's (Base Definitions, 8.1), so that every shell can pass them on. A few are the program's own.
"""

import json
import re
from collections.abc import Collection, Mapping

from craft_desktop.model.errors import VariableError

# Below Linux's limit for one string of an environment (128 KiB, MAX_ARG_STRLEN), with room for the rest.
MOST_BYTES = 64 * 1024
OWN_PREFIX = "CRAFT_DESKTOP_"
# Where the dev server listens is the program's to choose: the page's address stays, whatever the port.
OWN_NAMES = ("PORT", "HOST")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def check_variables(variables: Mapping[str, str]) -> None:
    """Check names and values.

    :raises VariableError: one is refused. Its words never hold a value.
    """
    for name, value in variables.items():
        problem = name_problem(name)
        if problem is not None:
            raise refused(name, *problem)
        if "\0" in value:
            raise refused(name, "Its value holds a NUL byte.", "Give a value of text.")
        if not _is_text(value):
            raise refused(name, "Its value is not UTF-8 text.", "Give a value of text.")
    size = len(pack(variables))
    if size > MOST_BYTES:
        raise VariableError(
            "The environment variables are too large",
            f"Together they take {size:,} bytes; {MOST_BYTES:,} are allowed.",
            "Put long values into a file of the project, for example .env.local.",
        )


def name_problem(name: str) -> tuple[str, str] | None:
    """Give why a name is refused, and what to do instead; None when it is fine."""
    if not _NAME.fullmatch(name):
        return (
            "Only letters, digits and _, with no digit in front.",
            "Choose a name like API_URL.",
        )
    if name.upper().startswith(OWN_PREFIX):
        return f"Names that begin with {OWN_PREFIX} are the program’s own.", "Choose another name."
    if name in OWN_NAMES:
        return (
            "The program itself chooses where the dev server listens.",
            "Name the port in the “dev” script if it must be a certain one.",
        )
    return None


def importable(variables: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Part what a .env file names into what may be set, and what is left out, with why."""
    problems = {name: problem for name in variables if (problem := name_problem(name)) is not None}
    put = {name: value for name, value in variables.items() if name not in problems}
    return put, {name: detail for name, (detail, _) in problems.items()}


def changed(before: Mapping[str, str], put: Mapping[str, str], drop: Collection[str]) -> dict[str, str]:
    """Give the variables after a change, by name.

    :raises VariableError: a name or a value is refused, or the whole is too large.
    """
    after = {name: value for name, value in before.items() if name not in drop} | dict(put)
    check_variables(after)
    return dict(sorted(after.items()))


def pack(variables: Mapping[str, str]) -> str:
    """Write variables as one text for the keyring; ASCII, so that its length is its size."""
    return json.dumps(variables, separators=(",", ":"))


def unpack(text: str) -> dict[str, str]:
    """Read what `pack` wrote.

    :raises ValueError: it is something else.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("not a set of variables")
    return found


def refused(name: str, detail: str, remedy: str) -> VariableError:
    """Make the error for a name."""
    shown = name if len(name) <= 80 and name.isprintable() else f"{name[:80]!r}"
    return VariableError(f"“{shown}” was not set", detail, remedy)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
