"""Removes a folder in which hostile programs have worked, or still do.

They may have taken away the right to write, nested folders deeper than any recursion or path goes, and replace a folder
by a link at any moment. So nothing is reached by a path: every folder is opened by its name relative to the one it is
in, never through a link; and what lies deep is moved to the top before it is taken apart.
"""

import contextlib
import itertools
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = 0o700
_log = logging.getLogger(__name__)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all in it; one that is not there is no error. Blocks. What cannot be removed is logged."""
    try:
        with _opened(str(folder)) as top:
            _empty(top)
        os.rmdir(folder)  # noqa: PTH106 -- beside the other calls of its kind
    except FileNotFoundError:
        return
    except OSError as error:
        _log.warning("%s could not be removed: %s", folder, error)


def _empty(top: int) -> None:
    """Remove all that is in the folder `top`.

    :raises OSError: the reason why something stays.
    """
    # a name that nobody inside can have taken
    spare = (f"{secrets.token_hex(8)}.{number}" for number in itertools.count())
    while names := _names(top):
        gone, complaint = 0, None
        for name in names:
            try:
                _take_apart(top, name, spare)
                gone += 1
            except FileNotFoundError:
                gone += 1  # by another who clears up here
            except OSError as error:
                complaint = error
        if complaint is not None and not gone:
            raise complaint


def _take_apart(top: int, name: str, spare: Iterator[str]) -> None:
    """Remove one entry of `top`; of a folder, the folders in it are moved up to `top`."""
    try:
        os.unlink(name, dir_fd=top)
        return
    except IsADirectoryError:
        pass
    with _opened(name, top) as inner:
        for each in _names(inner):
            try:
                os.unlink(each, dir_fd=inner)
            except IsADirectoryError:
                _move_up(inner, each, top, next(spare))
            except FileNotFoundError:
                continue
    os.rmdir(name, dir_fd=top)


def _move_up(inner: int, name: str, top: int, new_name: str) -> None:
    try:
        os.rename(name, new_name, src_dir_fd=inner, dst_dir_fd=top)
    except PermissionError:  # a folder is only moved by who may write in it
        _unlock(name, inner)
        os.rename(name, new_name, src_dir_fd=inner, dst_dir_fd=top)


@contextmanager
def _opened(name: str, folder: int | None = None) -> Iterator[int]:
    """A folder, with every right in it."""
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=folder)
    except PermissionError:
        _unlock(name, folder)
        descriptor = os.open(name, _FOLDER, dir_fd=folder)
    try:
        with contextlib.suppress(PermissionError):  # another person's; what follows tells whether it matters
            os.fchmod(descriptor, _OPEN)
        yield descriptor
    finally:
        os.close(descriptor)


def _unlock(name: str, folder: int | None) -> None:
    """Take back the rights over a folder that cannot be opened; never over what a link names."""
    place = os.open(name, _PLACE, dir_fd=folder)
    try:
        os.chmod(f"/proc/self/fd/{place}", _OPEN)  # noqa: PTH101 -- the descriptor itself knows no chmod(2)
    finally:
        os.close(place)


def _names(folder: int) -> list[str]:
    return os.listdir(folder)
