"""Where an error is: file, line and column, read off the words of compilers, linters, Node.js and browsers. Pure.

A log is hostile: what is found here is a guess at a name, nothing more. Whether there is such a file inside the
project's folder is looked up by `workbench/locate.py` before anything is opened.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

MOST = 8
"""Places found in one line: a stack's frame has one, a summary a few."""
LONGEST_PATH = 1_024
"""Letters of a path; the longest of real projects measured had 190."""
TRAIL = "  → "
"""Stands between what a page said of its compiled code and the place in the person's file that it comes from."""

_SANDBOX = "/project/"
"""Ends the name of the folder that holds the project in a sandbox: `/home/user/project/`."""

# What stands behind a path: `:12`, `:12:7`, `(12,7)`; seven digits are lines enough for any file.
_BEHIND = re.compile(r"(?<=[A-Za-z0-9])(?::(\d{1,7})(?::(\d{1,7}))?|\((\d{1,7}),(\d{1,7})\))(?!\d)")
# A path without a position, where its beginning says that it is one.
_ALONE = re.compile(r"(?<![^\s(\"'`\[-])(?:\./|/)[^\s\"'`:;,|<>]{1,1000}\.[A-Za-z][A-Za-z0-9]{0,7}(?![A-Za-z0-9:(./])")
_MANIFEST = re.compile(r"\b(?:Invalid|in your|parse) (package\.json)\b")
_BREAKS = re.compile(r"[\s\"'`<>|,;]")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,7}$")
_SCHEME = re.compile(r"(?:file|https?|webpack-internal|webpack|turbopack)://")
_OWN_HOST = re.compile(r"^(?:[a-z0-9-]+\.)?localhost$|^127\.0\.0\.1$")
# ESLint's default form: the file alone in one line, then `  12:7  error  ...` for each finding.
_HEADING = re.compile(r"^(?:\./|/|[\w.@\[\]()-]+/)[^\s:\"'`]{1,1000}\.[A-Za-z][A-Za-z0-9]{0,7}$")
_FINDING = re.compile(r"^\s{1,12}(\d{1,7}):(\d{1,7})\s+(?:error|warning)\s")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file.

    `path` is posix and relative to the project, or to the top above it where `is_from_top`. `line` and `column` count
    from 1; 0 stands for unknown.
    """

    path: str
    line: int = 0
    column: int = 0
    is_from_top: bool = False

    @property
    def label(self) -> str:
        """The place as a person reads it: name, line and column."""
        return f"{self.path.rpartition('/')[2]}{position(self)}"


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a text, which names it from `start` to `end` (letters)."""

    start: int
    end: int
    place: Place


def find(text: str, heading: str = "") -> tuple[Found, ...]:
    """Find the places that a line without escapes names, in their order.

    :param heading: the last line above that `is_heading`, for tools that name the file once.
    """
    trail = _trail(text)
    if trail is not None:
        return (trail,)  # what stands before it names compiled code
    finding = _FINDING.match(text)
    if finding is not None and heading:
        place = named(heading.strip(), int(finding[1]), int(finding[2]))
        return (Found(finding.start(1), finding.end(2), place),) if place else ()
    found: list[Found] = []
    for behind in _BEHIND.finditer(text):
        start = _start_of(text, behind.start(), found[-1].end if found else 0)
        line, column = behind[1] or behind[3], behind[2] or behind[4]
        place = named(text[start : behind.start()], int(line), int(column or 0))
        if place is not None:
            found.append(Found(start, behind.end(), place))
        if len(found) == MOST:
            return tuple(found)
    if not found:
        alone = _ALONE.search(text)
        place = named(alone[0], 0, 0) if alone else None
        if alone is not None and place is not None:
            return (Found(alone.start(), alone.end(), place),)
        manifest = _MANIFEST.search(text)
        if manifest is not None:
            return (Found(manifest.start(1), manifest.end(1), Place("package.json")),)
    return tuple(found)


def is_heading(text: str) -> bool:
    """Is this line a file's name alone?"""
    return _HEADING.match(text.strip()) is not None


def position(place: Place) -> str:
    """Give what stands behind a file's name: `:line:column`, as far as they are known."""
    return "".join(f":{number}" for number in (place.line, place.column) if number)


def _trail(text: str) -> Found | None:
    _, mark, tail = text.rpartition(TRAIL)
    behind = _BEHIND.search(tail) if mark else None
    if behind is None or behind.end() != len(tail):
        return None
    place = named(tail[: behind.start()], int(behind[1] or behind[3]), int(behind[2] or behind[4] or 0))
    return Found(len(text) - len(tail), len(text), place) if place is not None else None


def _start_of(text: str, end: int, least: int) -> int:
    """Give where the path begins that ends at `end`."""
    start = max(least, end - LONGEST_PATH)
    for broken in _BREAKS.finditer(text, start, end):
        start = broken.end()
    # Brackets that the path itself does not close stood before it: `at f (/a.ts`, `,-[/a.ts`. Those of Next.js's
    # folders, `app/(shop)/[slug]/page.tsx`, are closed.
    for opening, closing in ("()", "[]"):
        while text.count(opening, start, end) > text.count(closing, start, end):
            start = text.index(opening, start, end) + 1
    schemes = list(_SCHEME.finditer(text, start, end))
    return schemes[-1].start() if schemes else start


def named(path: str, line: int, column: int) -> Place | None:
    """Give the place that a path or an address means; None for one that is not the project's own."""
    scheme = _SCHEME.match(path)
    if scheme is not None:
        path = _without_scheme(scheme[0], path[scheme.end() :])
    path = path.partition("?")[0].removeprefix("-")
    is_from_top = False
    if path.startswith("/"):
        _, inside, path = path.partition(_SANDBOX)
        if not inside:
            return None  # a file of the sandbox's system
        is_from_top = True
    while path.startswith("./"):
        path = path[2:]
    parts = path.split("/")
    if ".." in parts or "" in parts or "." in parts or "node_modules" in parts or not path.isprintable():
        return None
    if "\\" in path or ":" in path or not _EXTENSION.search(path):
        return None
    return Place(path, line, column, is_from_top)


def _without_scheme(scheme: str, rest: str) -> str:
    """Give the path of an address; of a page's own address the path below it, of any other site's nothing."""
    rest = unquote(rest.partition("?")[0])
    if scheme == "file://":
        return rest
    host, _, path = rest.partition("/")
    if scheme in ("http://", "https://"):
        if not _OWN_HOST.match(host.partition(":")[0].lower()):
            return ""
        return path.removeprefix("@fs") if path.startswith("@fs/") else path
    # webpack-internal:///(rsc)/./app/page.tsx, webpack://_N_E/./app/page.tsx, turbopack:///[project]/app/page.tsx
    for mark in ("/./", "[project]/"):
        if mark in rest:
            return rest.partition(mark)[2]
    return path
