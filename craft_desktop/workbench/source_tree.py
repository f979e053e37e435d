"""Looks through a project's own source, bounded in files, bytes and time: a project may hold anything.

Links are not followed, what is no ordinary file is not opened, and what a framework made is passed over.
"""

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.letters import Import, find_imports
from craft_desktop.model.source_reads import Read, find_reads

# The largest projects measured have 6,000 source files; what is beyond these bounds is said to be.
MOST_FILES = 40_000
MOST_SOURCES = 6_000
MOST_BYTES = 24 * 1024 * 1024
# Source that a person wrote is smaller; a bundle or a fixture is not worth the time.
LONGEST_SOURCE_BYTES = 256 * 1024
# Below the deadline of the check that waits for it.
LIMIT_S = 2.5
DEEPEST = 24
# Looked up one by one afterwards, which takes 1 s for so many.
MOST_IMPORTS = 20_000

# Windows has none of these, and neither the pipes nor the links that they are for.
_CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_SOURCES = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".astro")
# What a framework or a tool made, and what no page loads.
_PASSED_OVER = frozenset(
    {"node_modules", "dist", "build", "out", "coverage", "storybook-static", "public", "vendor", "target", "tmp"}
    | {"__tests__", "__mocks__", "tests", "test", "e2e", "cypress", "playwright", "scripts", "docs", "temp"}
)
_TESTS = (".test.", ".spec.", ".stories.", ".config.", ".d.ts")


@dataclass(frozen=True, slots=True)
class SourceTree:
    """What was found. `is_whole` says that nothing was left out for a bound's sake; `sources` counts the files read."""

    files: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()
    imports: tuple[Import, ...] = ()
    sources: int = 0
    is_whole: bool = True


def read_source(folder: Path, clock: Callable[[], float] = time.monotonic) -> SourceTree:
    """Look through a folder; to be called in a thread. A file or folder that cannot be read is passed over."""
    until = clock() + LIMIT_S
    files: list[str] = []
    reads: list[Read] = []
    imports: list[Import] = []
    sources = size = 0
    waiting = [("", 0)]
    is_whole = True
    while waiting:
        below, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder / below), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            is_over = sources >= MOST_SOURCES or size >= MOST_BYTES or len(imports) >= MOST_IMPORTS
            if is_over or len(files) >= MOST_FILES or clock() > until:
                return SourceTree(tuple(files), tuple(reads), tuple(imports), sources, is_whole=False)
            relpath = f"{below}/{entry.name}" if below else entry.name
            try:
                if entry.is_symlink():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in _PASSED_OVER:
                        if depth < DEEPEST:
                            waiting.append((relpath, depth + 1))
                        else:
                            is_whole = False
                    continue
            except OSError:
                continue
            files.append(relpath)
            if not entry.name.endswith(_SOURCES) or any(word in entry.name for word in _TESTS):
                continue
            text = read_file(folder / relpath)
            if text is not None:
                sources += 1
                size += len(text)
                reads += find_reads(relpath, text)
                imports += find_imports(relpath, text)
    return SourceTree(tuple(files), tuple(reads), tuple(imports), sources, is_whole)


def read_file(path: Path) -> str | None:
    """Give a source file's text; None for what is none, or too long."""
    try:
        # A pipe of that name would keep who opens it waiting for ever.
        number = os.open(path, os.O_RDONLY | _CAREFULLY)
    except OSError:
        return None
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST_SOURCE_BYTES:
            return None
        content = os.read(number, LONGEST_SOURCE_BYTES)
    except OSError:
        return None
    finally:
        os.close(number)
    return None if b"\0" in content else content.decode(errors="replace")
