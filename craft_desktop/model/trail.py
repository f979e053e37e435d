"""What a page's words name of its compiled code, and how the place in the person's own file is added to them. Pure.

A page's words are hostile: they are taken apart in a time that grows with their length alone, and what is found is a
question to the project's own dev server, asked of no other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from craft_desktop.model import places
from craft_desktop.model.places import TRAIL, Place
from craft_desktop.model.source_map import Origin

MOST_SPOTS = 24
"""Spots of one message: a stack of Chromium has ten frames, one with the frames that led to it some more."""
LONGEST_ADDRESS = 1_024
"""Letters of a script's address; Turbopack's with the names of many modules have 200."""

EVALUATED = "webpack-internal:"
_WORD = re.compile(r"[^\s\"'`<>]+")
_HEADS = ("http://", "webpack-internal:///")
_BEHIND = re.compile(r":(\d{1,7})(?::(\d{1,7}))?\Z")
# What bundlers put into a chunk of its own, or serve from a folder, and no person of the project wrote: dependencies,
# and what Vite serves of itself; Turbopack names a chunk by the path of what is in it. Modules of the server's side,
# which React names in a page's console, stand in no script of the page: the server tells their places itself.
_FOREIGN = re.compile(
    r"/node_modules/|/chunks/(?:\[[^]]*\]_)?node_modules_|/\.vite/deps/|/@vite/|/@react-refresh|/@id/"
    r"|^webpack-internal:///\((?:rsc|ssr|action-browser|instrument|middleware)\)/"
)
# Where a dev server's root lies below the project: Nuxt 4 serves `app/`, older projects `src/`.
_ROOTS = ("", "app/", "src/")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in compiled code, as a browser names it. `column` 0: it told the line alone."""

    url: str
    line: int
    column: int = 0


def spots(text: str, base: str) -> tuple[Spot, ...]:
    """Give the spots in the project's own compiled code that a text names, in their order.

    :param base: the project's address, with the slash at its end. Other addresses are nobody's to ask.
    """
    found: list[Spot] = []
    for word in _WORD.finditer(text):
        spot = _spot(word[0], base)
        if spot is not None and spot not in found:
            found.append(spot)
            if len(found) == MOST_SPOTS:
                break
    return tuple(found)


def paths_of(origin: Origin, script: str) -> Iterator[Place]:
    """Give the places that an origin may mean, the likeliest first; each is to be looked up before it is believed.

    :param script: the address of the script that the map belongs to.
    """
    told = []
    if origin.source.startswith("/") or "://" in origin.source or script.startswith(EVALUATED):
        told.append(origin.source)
    try:
        joined = urljoin(script, origin.source)
    except ValueError:  # an address with a host like `[`
        joined = ""
    for source in (*told, joined):
        place = places.named(source, origin.line, origin.column)
        if place is None:
            continue
        yield place
        if place.is_from_top or not source.startswith("http://"):
            continue
        # Served below a folder of the server's own (`/_nuxt/`), or from a root below the project's.
        for path in (place.path, place.path.partition("/")[2]):
            for root in _ROOTS:
                if path and root + path != place.path:
                    yield Place(root + path, place.line, place.column)


def trailed(text: str, place: Place) -> str:
    """Give a text with the place that it leads to behind it; the text itself stays as the page wrote it.

    Nothing is added where the text leads to that line already.
    """
    if any(each.place.path == place.path and each.place.line == place.line for each in places.find(text)):
        return text
    return f"{text}{TRAIL}{place.path}{places.position(place)}"


def _spot(word: str, base: str) -> Spot | None:
    start = min((at for head in _HEADS if (at := word.find(head)) >= 0), default=-1)
    if start < 0:
        return None
    word = word[start:].rstrip(").,;]")
    behind = _BEHIND.search(word[-16:])  # two numbers of seven digits, with their colons
    if behind is None:
        return None
    url = word[: len(word) - len(behind[0])]
    line, column = int(behind[1]), int(behind[2] or 0)
    if not line or len(url) > LONGEST_ADDRESS or _FOREIGN.search(unquote(url)):
        return None
    is_ours = url.startswith(base) and urlsplit(url).path.rpartition("/")[2]
    if not is_ours and not url.startswith(EVALUATED):
        return None  # another site's, or the document itself: scripts within a page have no map
    return Spot(url, line, column)
