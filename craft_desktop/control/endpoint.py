"""Where a running program is asked: one file a program, readable by its owner alone, with port and token.

A program holds a lock on its file for as long as it lives. The kernel gives the lock up with the process, however it
ends, so that a file without one is known to be stale, whoever has its pid now. Several programs may run at once.
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

FOLDER = "running"
TOKEN_BYTES = 32  # as many as the secret of a session cookie is given; nobody guesses it
_LARGEST_BYTES = 4096  # a hundred times what is written


class Kind(StrEnum):
    """Which program runs."""

    WINDOW = "window"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running program: `port` on loopback; `started_at` in Unix seconds."""

    pid: int
    port: int
    kind: Kind
    started_at: float
    token: str = field(repr=False)


def new_token() -> str:
    """Give a token nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


@contextlib.contextmanager
def announced(state: Path, endpoint: Endpoint) -> Iterator[Path]:
    """Let `endpoint` be found for as long as the context lasts.

    :param state: the program's state folder.
    :raises OSError: the file cannot be written.
    """
    folder = state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{endpoint.pid}-{secrets.token_hex(4)}.json"
    fresh = path.with_suffix(".new")
    # O_EXCL and O_NOFOLLOW: a file or link that somebody laid there is never written through.
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            json.dump(asdict(endpoint), file)
            file.flush()
            fresh.rename(path)
            yield path
        finally:
            fresh.unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def find(state: Path) -> list[Endpoint]:
    """Give the programs that run: windows first, then the oldest first. Stale files are removed.

    :raises OSError: the folder cannot be read.
    """
    found = [endpoint for path in (state / FOLDER).glob("*.json") if (endpoint := _read(path)) is not None]
    return sorted(found, key=lambda endpoint: (endpoint.kind is not Kind.WINDOW, endpoint.started_at))


def _read(path: Path) -> Endpoint | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None  # its program ended just now
    with os.fdopen(descriptor, encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _parse(file.read(_LARGEST_BYTES))
        path.unlink(missing_ok=True)
        return None


def _parse(text: str) -> Endpoint | None:
    try:
        value = json.loads(text)
        return Endpoint(
            int(value["pid"]),
            int(value["port"]),
            Kind(value["kind"]),
            float(value["started_at"]),
            str(value["token"]),
        )
    except (ValueError, TypeError, KeyError):
        return None  # of another version of the program
