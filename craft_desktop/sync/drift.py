"""A copy's own word about what it holds, against what it is known to hold; pure.

A manifest maps relpaths to entries that were made from hashes taken in the sandbox. It holds what the sandbox wrote
itself as well; that is never drift.
"""

from collections.abc import Iterable, Mapping, MutableMapping

from craft_desktop.sync.ignore import NEVER_SENT
from craft_desktop.sync.pattern import Patterns
from craft_desktop.sync.snapshot import Entry, Kind

# What tools keep in a project so as not to make it anew: a warm sandbox is worth its time for them. Everything else
# in it that the folder does not hold is another folder's and goes, git-ignored or not: it may hold secrets.
_KEPT = Patterns.parse(
    b".yarn/\n.pnp.*\n.pnpm-store/\n.turbo/\n.nuxt/\n.output/\n.svelte-kit/\n.astro/\n.vite/\n.react-router/\n"
    b".docusaurus/\n.angular/\n.parcel-cache/\n.cache/\n*.tsbuildinfo\nnext-env.d.ts\n"
)


# A tool rewrites a file or two of a project's; where more differ, something else happened to the copy.
REWRITTEN_FILES = 8


class Rewrites:
    """Which of the files that drifted are left as the sandbox's own tools have rewritten them.

    A framework edits files of the project: Next.js completes `tsconfig.json` and makes `next-env.d.ts` when it starts,
    and starts again when `tsconfig.json` changes. To put the folder's version back each time would be answered by the
    same edit each time, with a restart of the dev server in between. So a file with other content is put back once for
    each content that it has in the folder, for it may have been an accident; the second time the tool's version stays,
    until the person changes the file. What is gone, or of another kind, is no such edit and is always put back.
    """

    def __init__(self) -> None:
        self._repaired: dict[str, str | None] = {}
        self._left: dict[str, str | None] = {}

    def leave(
        self, drifted: Iterable[str], held: Mapping[str, Entry], manifest: Mapping[str, Entry]
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        """Give those of `drifted` that are left as they are, and which of these were not left before."""
        rewritten = [at for at in drifted if _is_rewritten(held[at], manifest.get(at))]
        if len(rewritten) > REWRITTEN_FILES:
            return frozenset(), ()
        left = [at for at in rewritten if self._repaired.get(at) == held[at].sha256]
        new = tuple(at for at in left if self._left.get(at) != held[at].sha256)
        self._repaired.update((at, held[at].sha256) for at in rewritten)
        self._left.update((at, held[at].sha256) for at in new)
        return frozenset(left), new


def _is_rewritten(entry: Entry, found: Entry | None) -> bool:
    if found is None or entry.kind is not Kind.FILE or found.kind is not Kind.FILE:
        return False
    return found.sha256 not in (None, entry.sha256)


def find_drift(known: Mapping[str, Entry], manifest: Mapping[str, Entry]) -> tuple[str, ...]:
    """Find what a copy does not hold as it is known to. What is in doubt anyhow is passed over."""
    return tuple(
        relpath for relpath, entry in known.items() if _is_settled(entry) and not is_held(entry, manifest.get(relpath))
    )


def adoptable(manifest: Mapping[str, Entry]) -> dict[str, Entry]:
    """Give what of a used sandbox a sync must account for: all but what tools keep there."""
    kept: dict[str, bool] = {"": False}

    def is_kept(relpath: str, is_directory: bool) -> bool:
        known = kept.get(relpath)
        if known is None:
            folder, _, name = relpath.rpartition("/")
            name_bytes = name.encode(errors="surrogateescape")
            known = (
                is_kept(folder, True)
                or name in NEVER_SENT
                or _KEPT.verdict(relpath.encode(errors="surrogateescape"), name_bytes, is_directory) is True
            )
            kept[relpath] = known
        return known

    return {relpath: entry for relpath, entry in manifest.items() if not is_kept(relpath, entry.kind is Kind.DIRECTORY)}


def correct(known: MutableMapping[str, Entry], relpaths: Iterable[str], manifest: Mapping[str, Entry]) -> None:
    """Take the copy's word for these paths."""
    for relpath in relpaths:
        entry = manifest.get(relpath)
        if entry is None:
            known.pop(relpath, None)
        else:
            known[relpath] = entry


def _is_settled(entry: Entry) -> bool:
    if entry.kind is Kind.FILE:
        return entry.sha256 is not None
    if entry.kind is Kind.LINK:
        return entry.target is not None
    return entry.kind is Kind.DIRECTORY


def is_held(entry: Entry, found: Entry | None) -> bool:
    """Say whether what was found is, by its content, what was expected."""
    if found is None or found.kind is not entry.kind:
        return False
    if entry.kind is Kind.FILE:
        return found.sha256 == entry.sha256 and found.executable == entry.executable
    return entry.kind is Kind.DIRECTORY or found.target == entry.target
