"""What a file or folder is, as `filesystem.EntryInfo` tells it."""

import grp
import os
import pwd
import stat
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

# Extended attributes that a client set on upload (`X-Metadata-...`).
METADATA_PREFIX = "user.e2b."


def entry_info(path: Path) -> dict[str, Any]:
    """The entry at `path`, a symbolic link not followed.

    For a link, type and mode are the target's, as E2B's envd 0.6 has it; a broken link is of type SYMLINK so that it
    is not left out of listings.

    :raises OSError: nothing is there, or it cannot be looked at.
    """
    facts = path.lstat()
    mode, kind = facts.st_mode, _kind(facts.st_mode)
    target = None
    if stat.S_ISLNK(mode):
        target = os.path.realpath(path)
        try:
            target_mode = Path(target).stat().st_mode
        except OSError:  # broken or circular
            kind, shown_mode = "FILE_TYPE_SYMLINK", 0
        else:
            kind, shown_mode = _kind(target_mode), stat.S_IMODE(target_mode)
    else:
        shown_mode = stat.S_IMODE(mode)
    info: dict[str, Any] = {
        "name": _text(path.name or "/"),
        "type": kind,
        "path": _text(str(path)),
        "size": str(facts.st_size),
        "mode": shown_mode & 0o777,
        "permissions": go_mode(mode),
        "owner": _user_name(facts.st_uid),
        "group": _group_name(facts.st_gid),
        "modifiedTime": _rfc3339(facts.st_mtime_ns),
    }
    if target is not None:
        info["symlinkTarget"] = _text(target)
    metadata = read_metadata(path) if stat.S_ISREG(mode) else {}
    if metadata:
        info["metadata"] = metadata
    return info


def read_metadata(path: Path) -> dict[str, str]:
    """The `user.e2b.` attributes of a file; none where the file system has no attributes."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {
            name[len(METADATA_PREFIX) :]: _text(os.fsdecode(os.getxattr(path, name, follow_symlinks=False)))
            for name in names
            if name.startswith(METADATA_PREFIX)
        }
    except OSError:  # ENOTSUP, or the file went away between the two calls
        return {}


def go_mode(mode: int) -> str:
    """A mode as Go's `FileMode.String` writes it: `-rw-r--r--`, `drwxr-xr-x`, `Lrwxrwxrwx`."""
    letters = ""
    for is_kind, letter in ((stat.S_ISDIR, "d"), (stat.S_ISLNK, "L")):
        letters += letter if is_kind(mode) else ""
    if stat.S_ISBLK(mode):
        letters += "D"
    elif stat.S_ISFIFO(mode):
        letters += "p"
    elif stat.S_ISSOCK(mode):
        letters += "S"
    for bit, letter in ((stat.S_ISUID, "u"), (stat.S_ISGID, "g")):
        letters += letter if mode & bit else ""
    if stat.S_ISCHR(mode):
        letters += "Dc"
    letters += "t" if mode & stat.S_ISVTX else ""
    flags = "".join(
        letter if mode & (1 << bit) else "-" for bit, letter in zip(range(8, -1, -1), "rwxrwxrwx", strict=True)
    )
    return (letters or "-") + flags


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "FILE_TYPE_FILE"
    if stat.S_ISDIR(mode):
        return "FILE_TYPE_DIRECTORY"
    if stat.S_ISLNK(mode):
        return "FILE_TYPE_SYMLINK"
    return "FILE_TYPE_UNSPECIFIED"


def _text(name: str) -> str:
    """A name as JSON can carry it: bytes that are not UTF-8 become U+FFFD, for protobuf refuses them."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _rfc3339(time_ns: int) -> str:
    seconds, nanoseconds = divmod(time_ns, 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{nanoseconds:09d}Z"


# Few owners occur on one machine; the bound is against a folder made to hold many.
@lru_cache(maxsize=64)
def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=64)
def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
