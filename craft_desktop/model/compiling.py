"""Whether a project compiles, read off its dev server's lines. Pure.

The rules are of the words that Next.js 16 (Turbopack and webpack) and Vite 7 print; `tests/model/test_compiling.py`
holds what they printed. A dev server of another kind never says here that it cannot compile.
"""

import re
from dataclasses import dataclass, replace

from craft_desktop.model import places
from craft_desktop.model.places import Place
from craft_desktop.model.plain import plain

LOOKED_AT = 1_000
"""Letters of a line that are looked at."""
LONGEST_TITLE = 160
"""A line at the top of the window shows some hundred letters; the log has them all."""
HEAD_LINES = 12
"""Lines after an error's first one in which its words and its exact place are looked for: webpack prints the source
between them."""

# Next.js: `⨯ ./app/page.tsx:4:5`, and the words in the next line. While a page is open that is all that it says of a
# save (16.4): the page's own overlay, told back as what a browser said.
_NEXT = re.compile(r"^\s*(?:⨯ (\./\S.*)|\[browser\] (\./\S+:\d+:\d+))$")
_VITE = re.compile(r"\[vite\] (?:\(\w+\) )?(?:Pre-transform|Internal server) error: (.*)$")
_WORDS = re.compile(r"^(?:Error:\s+)?(?:[x×]\s+)?(.*\S)")
# Where SWC and Vite tell the exact place, below the words.
_EXACT = re.compile(r"^\s*(?:,-\[|╭─\[|File: )")
_COMPILED = re.compile(r"^\s*✓ Compiled\b|\[vite\] (?:\(\w+\) )?(?:hmr update|page reload)\b")
_ANSWERED = re.compile(r"^\s*GET (/\S*) ([1-5])\d\d\b")


@dataclass(frozen=True, slots=True)
class CompileError:
    """What the dev server cannot compile: why, and where if it says so."""

    title: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Compiling:
    """How it stands after the lines so far.

    `error` is what is wrong now. The rest is what the next lines are understood by: `head` counts the lines that may
    still belong to an error's head, `awaits_words` until its words came, and `refused` are the paths that were
    answered with a failure since.
    """

    error: CompileError | None = None
    head: int = 0
    awaits_words: bool = False
    refused: frozenset[str] = frozenset()


def heed(state: Compiling, line: str) -> Compiling:
    """Give how it stands after one more line of the dev server."""
    if state.error is None and state.head == 0 and not _may_begin(line):
        return state  # the usual line, at the cost of two searches
    text = plain(line, LOOKED_AT).rstrip()
    begun = _begun(text)
    if begun is not None:
        return begun
    if state.error is None:
        return state
    if _COMPILED.search(text):
        return Compiling()
    answered = _ANSWERED.match(text)
    if answered is not None:
        return _after_answer(state, answered[1].partition("?")[0], is_failure=answered[2] in "45")
    return _with_head(state, text) if state.head else state


def _may_begin(line: str) -> bool:
    return "⨯" in line or "[vite]" in line or "[browser]" in line


def _begun(text: str) -> Compiling | None:
    """Give the state that an error's first line begins."""
    of_next = _NEXT.match(text)
    if of_next is not None:
        place = _place(of_next[1] or of_next[2])
        return Compiling(CompileError("The page does not compile", place), HEAD_LINES, awaits_words=True)
    of_vite = _VITE.search(text)
    if of_vite is not None:
        return Compiling(CompileError(_title(of_vite[1]), _place(of_vite[1])), HEAD_LINES)
    return None


def _after_answer(state: Compiling, path: str, *, is_failure: bool) -> Compiling:
    """A page that failed and is served again says that it compiles: webpack says nothing else."""
    if is_failure:
        return replace(state, refused=state.refused | {path}) if len(state.refused) < 100 else state
    return Compiling() if path in state.refused else state


def _with_head(state: Compiling, text: str) -> Compiling:
    assert state.error is not None
    error, awaits_words = state.error, state.awaits_words
    if awaits_words and (words := _WORDS.match(text)):
        error, awaits_words = replace(error, title=_title(words[1])), False
    elif _EXACT.match(text) and (place := _place(text)) is not None:
        error = replace(error, place=place)
    return replace(state, error=error, head=state.head - 1, awaits_words=awaits_words)


def _place(text: str) -> Place | None:
    found = places.find(text)
    return found[0].place if found else None


def _title(words: str) -> str:
    """Give an error's words without the file that they begin with, for the place is shown beside them, and without
    the sandbox's folder, which a person never sees."""
    words = re.sub(r"^/\S+?\.\w{1,8}: ", "", words.strip())
    words = re.sub(r"/\S{0,200}/project/", "", words)
    return words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 1]}…"
