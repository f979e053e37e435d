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
