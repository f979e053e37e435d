"""Snapshots on the disk: folders of files under `STATE/snapshots`, which outlive the host that took them.

`<id>/home` and `<id>/tmp` are what changed since the snapshots below it; `<id>/snapshot.json` lists it. Who stands
upon a snapshot holds its `lock` shared (flock(2): let go by the kernel, however a host ends). Deleting takes the
listing away; the files go when no listed snapshot and no sandbox, of any host, stands upon them. A folder and its lock
are made, and a folder is found to be nobody's, under a lock on `STATE` itself: no host sees another's half made.
"""

import contextlib
import fcntl
import json
import os
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from craft_desktop.host.failures import NotFound, telling
from craft_desktop.host.removal import remove_tree

FOLDER = "snapshots"
PARTS = ("home", "tmp")  # what is kept of a sandbox; the rest of what it can write to is in memory
ID_LETTERS = string.ascii_lowercase + string.digits
ID_LENGTH = 20  # E2B's templates'; 103 bits, so no two hosts give the same
NAMESPACE = "local"  # E2B: the team's name before a snapshot's
DEFAULT_TAG = "default"
_LISTING = "snapshot.json"
_GOING = "going-"  # before the name of a folder whose files are being removed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot.

    :param layers: ids of the snapshots it is made of, itself first.
    :param name: what the person called it; "" when it has no name.
    """

    template_id: str
    sandbox_id: str
    created_at: datetime
    layers: tuple[str, ...]
    name: str = ""
    tag: str = DEFAULT_TAG

    @property
    def snapshot_id(self) -> str:
        """How clients name it: its name if it has one, and the tag."""
        return f"{self.names[0] if self.name else self.template_id}:{self.tag}"

    @property
    def names(self) -> list[str]:
        """The name as E2B tells it, with the team's before it."""
        return [f"{NAMESPACE}/{self.name}"] if self.name else []

    def is_called(self, reference: str) -> bool:
        """Whether a client means this one by id or name, with or without tag and namespace."""
        bare, _, tag = reference.removeprefix(f"{NAMESPACE}/").partition(":")
        return bare in (self.template_id, self.name or None) and tag in ("", self.tag)


def new_snapshot_id(below: Callable[[int], int]) -> str:
    """A fresh id. `below(n)` is a secret random number in [0, n)."""
    return "".join(ID_LETTERS[below(len(ID_LETTERS))] for _ in range(ID_LENGTH))


class Hold:
    """Keeps the files of snapshots from going. Close it when nothing stands upon them any more."""

    def __init__(self, descriptors: list[int]) -> None:
        self._descriptors = descriptors

    def close(self) -> None:
        """Let go. May be called twice."""
        while self._descriptors:
            os.close(self._descriptors.pop())

    def add(self, other: "Hold") -> None:
        """Take over what another keeps."""
        self._descriptors += other._descriptors
        other._descriptors = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Snapshots:
    """The snapshots of one state folder. The disk is the truth: another host may share it. Every call blocks."""

    def __init__(self, state: Path) -> None:
        self.folder = state / FOLDER
        self.sweep()

    def all(self) -> list[Snapshot]:
        """Those that are listed, the newest first."""
        found = [each for path in self.folder.glob(f"*/{_LISTING}") if (each := _read(path)) is not None]
        return sorted(found, key=lambda each: (each.created_at, each.template_id), reverse=True)

    def find(self, reference: str) -> Snapshot | None:
        """The newest that a client means by `reference`."""
        return next((each for each in self.all() if each.is_called(reference)), None)

    def prepare(self, template_id: str) -> Hold:
        """Make the folder of a snapshot that is to be taken. It goes when the hold is closed before it is listed.

        :raises OSError: the disk is full or cannot be written.
        """
        with self._locked(fcntl.LOCK_SH):
            # a person's files lie here, whatever the rights of the folders above
            self.folder.mkdir(mode=0o700, exist_ok=True)
            (self.folder / template_id).mkdir()
            return self.hold([template_id])

    def hold(self, layers: Iterable[str]) -> Hold:
        """Keep layers from going.

        :raises FileNotFoundError: one of them is gone already.
        """
        descriptors: list[int] = []
        try:
            for each in layers:
                lock = os.open(self.folder / each / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                descriptors.append(lock)
                fcntl.flock(lock, fcntl.LOCK_SH)
                # it may have been swept between the two
                os.stat(self.folder / each / "lock")  # noqa: PTH116 -- raises what is promised
        except OSError:
            Hold(descriptors).close()
            raise
        return Hold(descriptors)

    def hold_of(self, snapshot: Snapshot) -> Hold:
        """Keep all that a snapshot is made of from going.

        :raises NotFound: it was deleted.
        :raises CannotStart: it cannot be had.
        """
        with telling("the files of the snapshot cannot be had"):
            try:
                return self.hold(snapshot.layers)
            except FileNotFoundError as error:
                raise NotFound(f"snapshot {snapshot.snapshot_id!r} was deleted") from error

    def enter(self, snapshot: Snapshot) -> None:
        """List a snapshot whose files are whole. One that had its name and tag is deleted: the name now means this.

        :raises OSError: the disk is full.
        """
        former = [
            each for each in self.all() if snapshot.name and (each.name, each.tag) == (snapshot.name, snapshot.tag)
        ]
        told = asdict(snapshot) | {"created_at": snapshot.created_at.isoformat()}
        folder = self.folder / snapshot.template_id
        (folder / "new").write_text(json.dumps(told))
        (folder / "new").replace(folder / _LISTING)
        for each in former:
            (self.folder / each.template_id / _LISTING).unlink(missing_ok=True)

    def delete(self, snapshot: Snapshot) -> None:
        """Take a snapshot out of the list; its files go when nothing stands upon them."""
        (self.folder / snapshot.template_id / _LISTING).unlink(missing_ok=True)
        self.sweep()

    def sweep(self) -> None:
        """Remove the files that nobody needs, of hosts that were killed too."""
        if not self.folder.is_dir():
            return
        needed = self._needed()
        for folder in self.folder.iterdir():
            if folder.name.startswith(_GOING):
                remove_tree(folder)
            elif folder.name not in needed:
                self._remove_unheld(folder)
        with self._locked(fcntl.LOCK_EX), contextlib.suppress(OSError):  # not empty
            self.folder.rmdir()

    def _needed(self) -> set[str]:
        return {layer for each in self.all() for layer in each.layers}

    def _remove_unheld(self, folder: Path) -> None:
        gone = folder.with_name(_GOING + folder.name)
        with self._locked(fcntl.LOCK_EX), _unheld(folder) as is_free:
            # whoever takes a snapshot lists it before he lets go: it may be needed since it was looked at
            if not is_free or folder.name in self._needed():
                return
            # by one step out of everybody's reach: a host killed half-way through leaves what the next can tell
            with contextlib.suppress(FileNotFoundError):  # another host was faster
                folder.rename(gone)
        if gone.exists():
            remove_tree(gone)

    @contextlib.contextmanager
    def _locked(self, operation: int) -> Iterator[None]:
        state = os.open(self.folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(state, operation)
            yield
        finally:
            os.close(state)


@contextlib.contextmanager
def _unheld(folder: Path) -> Iterator[bool]:
    """Give whether nobody holds a folder; nobody can before the end."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield True  # of a host that was killed over it
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_free = True
        except BlockingIOError:
            is_free = False  # a sandbox stands upon it, or it is being taken
        yield is_free
    finally:
        os.close(lock)


def _read(path: Path) -> Snapshot | None:
    try:
        told: dict[str, Any] = json.loads(path.read_text())
        created_at = datetime.fromisoformat(told["created_at"])
        return Snapshot(**(told | {"created_at": created_at, "layers": tuple(told["layers"])}))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # being deleted, or of a version that wrote it otherwise
