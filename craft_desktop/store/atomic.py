"""Files that are whole or not there: written beside their place, flushed, then renamed over it."""

import contextlib
import errno
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

# A copy that holds the lock longer has been stopped in the middle; waiting for it would freeze this one too.
LOCK_LIMIT_S = 5.0
# As long as one write takes on a slow disk.
LOCK_RETRY_S = 0.005

_log = logging.getLogger(__name__)


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path`, readable by its owner alone; a crash leaves the old file or the new one.

    :raises OSError: the disk is full or the folder cannot be written; the old file stays.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            # ASCII: a path whose bytes are not UTF-8 holds lone surrogates, which only an escape can carry.
            json.dump(value, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def read_json(path: Path, default: Any) -> Any:
    """Read what `write_json` wrote; `default` when there is none.

    A file that is not JSON, or holds another kind of value than `default`, is set aside beside its place
    (`….broken-<time>`), so that nothing is lost, and `default` is answered.

    :raises OSError: the file is there and cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return default
    except UnicodeDecodeError:
        text = ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, type(default)):
        return value
    aside = path.with_name(f"{path.name}.broken-{int(time.time())}")
    path.replace(aside)
    _log.warning("%s was not readable and lies beside it as %s", path, aside.name)
    return default


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, so that two copies of the program change a file one after the other.

    Held for a few milliseconds at a time; blocks until it is free.

    :raises OSError: the folder cannot be written, or another copy held the lock for `LOCK_LIMIT_S`.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w") as file:
        _lock(file, path)
        yield


def _lock(file: IO[str], path: Path) -> None:
    deadline = time.monotonic() + LOCK_LIMIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "another copy of the program holds the file", str(path)) from error
            time.sleep(LOCK_RETRY_S)
        else:
            return
