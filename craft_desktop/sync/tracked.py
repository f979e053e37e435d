"""What git tracks: its ignore rules never speak about that (gitignore(5)), so it is sent even where a rule names it."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Tracked:
    """The relpaths of a folder's tracked files and links, and of the folders that hold them.

    `signature` tells the index that was read from a later one; `reason` says why none could be.
    """

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    signature: tuple[object, ...] | None = None
    reason: str | None = None

    def holds(self, relpath: str, is_directory: bool) -> bool:
        """Say whether a file is tracked, or something below a folder."""
        return relpath in (self.folders if is_directory else self.files)

    def is_as(self, other: "Tracked") -> bool:
        """Say whether the same is tracked."""
        return self is other or self.files == other.files

    @classmethod
    def of(cls, files: frozenset[str], signature: tuple[object, ...] | None = None) -> Self:
        """Give what is tracked where these files are."""
        folders: set[str] = set()
        for relpath in files:
            above = relpath.rpartition("/")[0]
            while above and above not in folders:
                folders.add(above)
                above = above.rpartition("/")[0]
        return cls(files, frozenset(folders), signature)
