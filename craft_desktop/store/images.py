"""The list of images: snapshots of sandboxes that hold installed dependencies, so that a later start installs nothing.

A row is written before the snapshot is taken, under the name that the snapshot gets: one whose row is lost, or whose
row was never finished, is known by its name and deleted.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.store.clerk import Clerk, by_clerk
from craft_desktop.store.database import Database
from craft_desktop.store.owners import is_alive, mark_of

TABLE = "images"
COLUMNS = {
    "name": "TEXT PRIMARY KEY",
    "place": "TEXT NOT NULL",
    "key": "TEXT NOT NULL",
    "project_id": "TEXT NOT NULL",
    "node": "TEXT NOT NULL",
    "install_s": "REAL NOT NULL",
    "asked_at": "REAL NOT NULL",
    "used_at": "REAL NOT NULL",
    "owner_pid": "INTEGER NOT NULL",
    "owner_mark": "TEXT NOT NULL DEFAULT ''",
    "snapshot_id": "TEXT",
    "size_bytes": "INTEGER NOT NULL DEFAULT 0",
}
# "Keys unused for long": who has not started a project for a month waits for one install.
UNUSED_S = 30 * 86400.0
# Where sizes are not known (0), a number bounds them: more projects than one person works on in a month.
MOST_IMAGES = 50
_FIELDS = "name, place, key, project_id, node, install_s, asked_at, used_at, snapshot_id, size_bytes"


@dataclass(frozen=True, slots=True)
class Image:
    """One image.

    :param name: the snapshot's, without the team's before it.
    :param place: where it lies: the provider, its address, the template and the isolation.
    :param key: the dependency key that its `node_modules` were installed for.
    :param project_id: whose files it holds; empty for one that holds dependencies alone and serves every project.
    :param node: the version of Node.js that installed it.
    :param install_s: how long that took, in seconds: what a start from it saves.
    :param snapshot_id: None until the snapshot is there.
    """

    name: str
    place: str
    key: str
    project_id: str
    node: str
    install_s: float
    asked_at: float
    used_at: float
    snapshot_id: str | None = None
    size_bytes: int = 0


class ImageStore:
    """Rows of images in `ledger.sqlite` in `folder`, which must exist.

    To make one blocks; close it with `aclose`. Every method raises SandboxError where the file cannot be written (a
    full disk).
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder, TABLE, COLUMNS)
        self._clerk = Clerk("images")

    async def aclose(self) -> None:
        """Write what is still to be written. May be called twice."""
        await self._clerk.aclose()

    @by_clerk
    def ask(self, image: Image) -> None:
        """Write that this process is about to take the snapshot."""
        self._database.change(
            f"INSERT INTO {TABLE} (name, place, key, project_id, node, install_s, asked_at, used_at, "
            "owner_pid, owner_mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                image.name,
                image.place,
                image.key,
                image.project_id,
                image.node,
                image.install_s,
                image.asked_at,
                image.used_at,
                os.getpid(),
                mark_of(os.getpid()),
            ),
        )

    @by_clerk
    def made(self, name: str, snapshot_id: str, size_bytes: int) -> None:
        """Write that the snapshot is there."""
        self._database.change(
            f"UPDATE {TABLE} SET snapshot_id = ?, size_bytes = ? WHERE name = ?", (snapshot_id, size_bytes, name)
        )

    @by_clerk
    def used(self, name: str, now: float) -> None:
        """Write that a start used it."""
        self._database.change(f"UPDATE {TABLE} SET used_at = ? WHERE name = ?", (now, name))

    @by_clerk
    def forget(self, name: str) -> None:
        """Take it off the list. The snapshot is deleted by who calls this, first."""
        self._database.change(f"DELETE FROM {TABLE} WHERE name = ?", (name,))

    @by_clerk
    def find(self, place: str, key: str, project_id: str) -> tuple[Image, ...]:
        """Give what a start may use: the project's own image before the one that serves all, newest first."""
        return self._select(
            "place = ? AND key = ? AND project_id IN (?, '') AND snapshot_id IS NOT NULL "
            "ORDER BY project_id = '', asked_at DESC",
            (place, key, project_id),
        )

    @by_clerk
    def all(self, place: str) -> tuple[Image, ...]:
        """Give every image at a place, those that are just being taken too, last used first."""
        return self._select("place = ? ORDER BY used_at DESC, asked_at DESC", (place,))

    @by_clerk
    def places(self) -> frozenset[str]:
        """Give every place that has an image."""
        found = self._database.read(f"SELECT DISTINCT place FROM {TABLE}")
        return frozenset(place for (place,) in found)

    @by_clerk
    def unfinished(self) -> frozenset[str]:
        """Give the names of those whose taking was ended with its process."""
        found = self._database.read(f"SELECT name, owner_pid, owner_mark FROM {TABLE} WHERE snapshot_id IS NULL")
        return frozenset(name for name, pid, mark in found if not is_alive(pid, mark))

    def _select(self, condition: str, values: tuple[object, ...]) -> tuple[Image, ...]:
        found = self._database.read(f"SELECT {_FIELDS} FROM {TABLE} WHERE {condition}", values)
        return tuple(Image(*columns) for columns in found)


def superfluous(images: Iterable[Image], known_projects: Iterable[str], limit_bytes: int, now: float) -> list[Image]:
    """Give the images to be dropped: of projects that are no more, long unused, replaced, or over the bounds.

    :param images: of one place.
    :param limit_bytes: of all together; those used last stay. 0: none is kept.
    """
    known = {"", *known_projects}
    kept_keys: set[tuple[str, str]] = set()
    total = count = 0
    dropped = []
    for image in sorted(images, key=lambda each: (each.used_at, each.asked_at), reverse=True):
        if image.snapshot_id is None:
            continue  # just being taken
        # A project's older keys stay for a branch that is switched back to; of one key the newest is enough.
        slot = (image.project_id, image.key)
        fits = total + image.size_bytes <= limit_bytes and count < MOST_IMAGES and limit_bytes > 0
        if image.project_id in known and now - image.used_at <= UNUSED_S and slot not in kept_keys and fits:
            kept_keys.add(slot)
            total += image.size_bytes
            count += 1
        else:
            dropped.append(image)
    return dropped
