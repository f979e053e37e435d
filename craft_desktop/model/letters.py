"""Imports whose letters differ from the file's: they work on macOS and Windows, and fail in a Linux sandbox. Pure."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from craft_desktop.model.places import Place

# What an import may leave out (Node.js, TypeScript, Vite, Next.js).
_ENDINGS = ("", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".json", ".vue", ".svelte", ".css", ".scss", ".d.ts")
_INDEXES = ("/index.ts", "/index.tsx", "/index.js", "/index.jsx", "/index.mjs")
_IMPORT = re.compile(
    r"\b(?:from|import|require)\s?\(?\s?(?P<quote>[\"'])(?P<path>(?:\.{1,2}|@|~)/[^\"'\n]{1,300})(?P=quote)"
)
# Where `@/` and `~/` point in every starter: the project's folder or its src.
_ALIASES = ("", "src/", "app/")


@dataclass(frozen=True, slots=True)
class Import:
    """A file's import of another file of the project: the path as it is written."""

    path: str
    place: Place


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An import, and the file that it would be if letters did not matter."""

    asked: Import
    there: str


def find_imports(relpath: str, text: str) -> list[Import]:
    """Give the imports of the project's own files in a source file."""
    found = []
    for match in _IMPORT.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        if not text[start : match.start()].lstrip().startswith(("//", "*", "/*")):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Import(match["path"], Place(relpath, line, match.start("path") - start + 1)))
    return found


def find_mismatches(imports: Iterable[Import], files: Sequence[str]) -> list[Mismatch]:
    """Give the imports that name a file in other letters than it has; what is not there at all is no such import.

    :param files: relpaths of all files of the project.
    """
    exact = set(files)
    folded = {name.casefold(): name for name in files}
    found = []
    for each in imports:
        candidates = [f"{base}{ending}" for base in _bases(each) for ending in (*_ENDINGS, *_INDEXES)]
        if any(candidate in exact for candidate in candidates):
            continue
        there = next((folded[low] for candidate in candidates if (low := candidate.casefold()) in folded), None)
        if there is not None:
            found.append(Mismatch(each, there))
    return found


def _bases(each: Import) -> list[str]:
    path = each.path.partition("?")[0]
    if path.startswith("."):
        whole = [posixpath.join(posixpath.dirname(each.place.path), path)]
    else:
        whole = [f"{alias}{path[2:]}" for alias in _ALIASES]
    bases = []
    for name in whole:
        base = posixpath.normpath(name)
        bases.append(base)
        stem, ending = posixpath.splitext(base)
        if ending == ".js":  # TypeScript writes `.js` for a file that is `.ts`
            bases.append(stem)
    return bases
