"""A name that a web page proposes for a file, made harmless."""

import re
import unicodedata

LONGEST = 120
"""Letters: far below what any file system takes, and readable in one line."""
FALLBACK = "download"
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789")}
)
"""Names that are devices on Windows, with any ending."""
_LONGEST_ENDING = 16


def clean(proposed: str) -> str:
    """Give a name without folders, without what cannot be seen, without a dot in front, of bounded length.

    Marks that turn the direction of writing go too: with them “exe.gpj” is read as “jpg.exe”.
    """
    last = re.split(r"[/\\]", proposed)[-1]
    seen = "".join(" " if letter.isspace() else letter for letter in last if unicodedata.category(letter)[0] != "C")
    name = re.sub(r'[<>:"|?*]', "_", re.sub(r" +", " ", seen)).strip(" .")
    if not name:
        return FALLBACK
    if name.partition(".")[0].rstrip().lower() in _RESERVED:
        name = f"_{name}"
    if len(name) > LONGEST:
        stem, dot, ending = name.rpartition(".")
        keep = f"{dot}{ending}" if stem and len(ending) < _LONGEST_ENDING else ""
        name = name[: LONGEST - len(keep)].rstrip(" .") + keep
    return name
