"""Finds where a page's compiled code was written: the place in the project's own file, by the dev server's source maps.

1. The script that a browser names is asked of the project's own dev server, and no other (`preview/document.py`). Code
   that webpack evaluates names a module instead; it is looked for in the scripts that the page asked for, the likeliest
   first.
2. A process of its own (`map_reader.py`) reads it as it comes: it tells the origins, or the address of a map to fetch,
   which has to be at the same place.
3. What a map names is a guess like any name in a log; `locate.py` says whether the project has such a file.

What was learnt of a script is kept until something is saved, and asked for by its ETag when it is a moment old. A
broken map costs its place and nothing else.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.source_map import MapError, Origin, Position
from craft_desktop.model.trail import EVALUATED, Spot, paths_of
from craft_desktop.preview.document import DocumentError, fetch
from craft_desktop.preview.gateway import Gateway
from craft_desktop.tasks import Owner
from craft_desktop.workbench.map_reader import MapReader, Reading

# A page that fails in a circle fails sixty times a second; a dev server rewrites a script at most once in a save.
FRESH_S = 2.0
# Scripts of one message: a stack leads through a few, most of them dependencies, which are not asked about.
MOST_SCRIPTS = 6
# Places kept of one script, and scripts: more than a person reads before the next save.
MOST_PLACES, MOST_KNOWN = 200, 200
# Scripts without a line of a project's own: tried last.
_FRAMEWORK = ("/main", "/polyfills", "/webpack", "/react-refresh", "/_app", "-internals")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    """What is known of a script: the path it came from, its ETag there, and its places; None for nobody's."""

    path: str = ""
    validator: str = ""
    seen_at: float = 0.0
    places: dict[Position, Place | None] = field(default_factory=dict)


class PageTracer:
    """Asks and remembers.

    :param locate: gives the file that a place means, if the project has it. Looks at the disk.
    :param clock: seconds that never go back.
    """

    def __init__(
        self,
        gateway: Gateway,
        owner: Owner,
        locate: Callable[[str, Place], Path | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateway, self._owner, self._locate, self._clock = gateway, owner, locate, clock
        self._reader = MapReader()
        self._known: dict[tuple[str, str], _Known] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}

    def base(self, project: Project) -> str:
        """Give the address of a project's page."""
        return self._gateway.url(project.slug)

    def forget(self, project_id: str) -> None:
        """Know nothing of a project's scripts: something was saved, or the project is gone."""
        for key in [key for key in self._known if key[0] == project_id]:
            del self._known[key]

    async def trace(self, project: Project, asked: Sequence[Spot]) -> Mapping[Spot, Place]:
        """Give the places in the project's files, of those spots that have one.

        Who is cancelled does not wait; what is on its way is learnt all the same.
        """
        scripts: dict[str, list[Position]] = {}
        for spot in asked:
            if spot.url in scripts or len(scripts) < MOST_SCRIPTS:
                scripts.setdefault(spot.url, []).append((spot.line, spot.column))
        learning = [
            self._owner.start(self._learn(project, url, positions), name=f"trace {project.id}", awaited=True)
            for url, positions in scripts.items()
        ]
        learnt = dict(zip(scripts, await asyncio.gather(*map(asyncio.shield, learning)), strict=True))
        found: dict[Spot, Place] = {}
        for spot in asked:
            place = learnt.get(spot.url, {}).get((spot.line, spot.column))
            if place is not None:
                found[spot] = place
        return found

    async def _learn(
        self, project: Project, url: str, positions: Sequence[Position]
    ) -> Mapping[Position, Place | None]:
        key = project.id, url
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                known = self._known.get(key, _Known())
                is_whole = known.places.keys() >= set(positions)
                if is_whole and self._clock() - known.seen_at < FRESH_S:
                    return known.places
                try:
                    known = await self._look(project, url, known, positions, is_whole=is_whole)
                except (DocumentError, MapError) as error:
                    _log.debug("%s: no place for %s: %s", project.slug, url, error)
                    known = _Known(places=dict.fromkeys(positions))
                known.seen_at = self._clock()
                self._known.pop(key, None)
                self._known[key] = known
                while len(self._known) > MOST_KNOWN:
                    del self._known[next(iter(self._known))]
                return known.places
        finally:
            if not lock.locked():
                self._locks.pop(key, None)

    async def _look(
        self, project: Project, url: str, known: _Known, positions: Iterable[Position], *, is_whole: bool
    ) -> _Known:
        asked = tuple(dict.fromkeys([*positions, *known.places]))[:MOST_PLACES]
        validator = known.validator if is_whole else ""
        if not url.startswith(EVALUATED):
            path = url.removeprefix(self.base(project).rstrip("/"))
            return await self._read(project, url, path, asked, known, validator) or _Known(places=dict.fromkeys(asked))
        paths = _likeliest(url, self._gateway.scripts(project.slug))
        if validator:
            paths = [known.path, *(path for path in paths if path != known.path)]
        for path in paths[:MOST_SCRIPTS]:
            found = await self._read(project, url, path, asked, known, validator if path == known.path else "")
            if found is not None:
                return found
        raise DocumentError("no script of the page has this module")

    async def _read(
        self, project: Project, url: str, path: str, asked: Sequence[Position], known: _Known, validator: str
    ) -> _Known | None:
        """Read a script; None where it does not speak of what is asked about."""
        upstream = self._gateway.upstream(project.slug)
        if upstream is None:
            raise DocumentError("nothing serves the page now")
        base = self.base(project)
        host = base.removeprefix("http://").rstrip("/")
        module = url if url.startswith(EVALUATED) else ""
        async with fetch(upstream, host, path, validator) as script:
            if script.is_same:
                return known
            reading, validator = await self._reader.read(script.chunks, asked, module=module), script.validator
        if reading.map_address:
            try:
                address = urljoin(url, reading.map_address)
            except ValueError as error:
                raise DocumentError("the address of its map is none") from error
            if not address.startswith(base):
                raise DocumentError("its map is at another place")
            async with fetch(upstream, host, address.removeprefix(base.rstrip("/"))) as document:
                reading = await self._reader.read(document.chunks, asked, is_map=True)
        if not reading.is_known:
            return None
        places = await asyncio.to_thread(self._places, project, url, reading)
        return _Known(path, validator, places={**dict.fromkeys(asked), **places})

    def _places(self, project: Project, url: str, reading: Reading) -> dict[Position, Place | None]:
        return {position: self._place(project, url, origin) for position, origin in reading.origins.items()}

    def _place(self, project: Project, url: str, origin: Origin) -> Place | None:
        for place in paths_of(origin, url):
            file = self._locate(project.id, place)
            if file is not None:
                folder = project.path.resolve()
                is_inside = file.is_relative_to(folder)
                path = file.relative_to(folder).as_posix() if is_inside else place.path
                return Place(path, place.line, place.column, is_from_top=not is_inside)
        return None


def _likeliest(module: str, scripts: Iterable[str]) -> list[str]:
    """Order the scripts in which a module may be: those that bear its name, then the last asked for."""
    name = module.rpartition("/./")[2].partition("?")[0].rpartition(".")[0]
    return sorted(
        scripts,
        key=lambda path: (f"/{name}" not in path if name else True, any(part in path for part in _FRAMEWORK)),
    )
