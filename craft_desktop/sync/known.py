"""What a copy is known to hold.

Before an order goes out all it touches is put in doubt; the answer settles it.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from craft_desktop.sync.diff import Batch, Difference, LinkWrite, is_below
from craft_desktop.sync.snapshot import DIRECTORY, DIRECTORY_IN_DOUBT, UNCERTAIN, Entry, Kind

_FILE_IN_DOUBT = Entry(Kind.FILE)
_LINK_IN_DOUBT = Entry(Kind.LINK)


class Known(MutableMapping[str, Entry]):
    """Entries by relpath; `touched` are the paths that were set or removed since they were last cleared.

    `entries` is for reading: a mapping written in Python takes five times as long.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = dict(entries)
        self.touched: set[str] = set()

    def __getitem__(self, relpath: str) -> Entry:
        return self.entries[relpath]

    def __setitem__(self, relpath: str, entry: Entry) -> None:
        self.touched.add(relpath)
        self.entries[relpath] = entry

    def __delitem__(self, relpath: str) -> None:
        self.touched.add(relpath)
        del self.entries[relpath]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Set many at once: in a fourth of the time that one by one takes."""
        self.touched.update(entries)
        self.entries.update(entries)

    def drop(self, relpaths: Iterable[str]) -> None:
        """Remove those that are there."""
        for relpath in relpaths:
            self.pop(relpath, None)

    def doubt(self, batch: Batch) -> None:
        """Put all that a batch touches in doubt."""
        self._doubt(batch.directories, DIRECTORY_IN_DOUBT)
        self._doubt((write.relpath for write in batch.writes), _FILE_IN_DOUBT)
        self._doubt((link.relpath for link in batch.links), _LINK_IN_DOUBT)
        self._doubt(batch.deletes, UNCERTAIN)

    def doubt_all(self, difference: Difference) -> None:
        """Put all that is brought in doubt."""
        self._doubt(difference.directories, DIRECTORY_IN_DOUBT)
        self._doubt(difference.writes, _FILE_IN_DOUBT)
        self._doubt((link.relpath for link in difference.links), _LINK_IN_DOUBT)

    def doubt_clears(self, clears: tuple[str, ...]) -> None:
        """Forget all below these paths; nobody knows what is there until they were cleared."""
        if not clears:
            return
        for relpath in [relpath for relpath in self.entries if is_below(relpath, clears)]:
            del self[relpath]
        self.put(dict.fromkeys(clears, UNCERTAIN))

    def settle(self, batch: Batch, read: Mapping[str, Entry]) -> None:
        """Take a batch as done, its files as they were read."""
        self.drop((*batch.clears, *batch.deletes))
        self.bring(batch.directories, batch.links, read)

    def bring(self, directories: Iterable[str], links: Iterable[LinkWrite], read: Mapping[str, Entry]) -> None:
        """Take these as there."""
        self.put(dict.fromkeys(directories, DIRECTORY))
        self.put({link.relpath: Entry(Kind.LINK, target=link.target) for link in links})
        self.put(read)

    def _doubt(self, relpaths: Iterable[str], hope: Entry) -> None:
        """Put these in doubt; `hope` is what one is that was not there."""
        doubted: dict[str, Entry] = {}
        for relpath in relpaths:
            before = self.entries.get(relpath)
            if before is None:
                doubted[relpath] = hope
            elif before is not UNCERTAIN:
                doubted[relpath] = before.in_doubt()
        self.put(doubted)
