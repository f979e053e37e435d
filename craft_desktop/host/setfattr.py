"""The command `setfattr` for a machine that lacks it: E2B's template has it, and metadata of files is set with it.

Handed to a sandbox as text (see `furniture`), so the standard library is all it knows. It serves what setfattr(1) does
for one attribute: `-n NAME [-v VALUE] FILE...` and `-x NAME FILE...`, `-h` for a link itself.
"""

import argparse
import base64
import binascii
import os
import sys


def main(arguments: list[str]) -> int:
    """Set or remove the attribute of each file; 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="setfattr", add_help=False)
    act = parser.add_mutually_exclusive_group(required=True)
    act.add_argument("-n", "--name")
    act.add_argument("-x", "--remove")
    parser.add_argument("-v", "--value", default="")
    parser.add_argument("-h", "--no-dereference", action="store_true")
    parser.add_argument("files", nargs="+")
    given = parser.parse_args(arguments)
    status = 0
    for file in given.files:
        try:
            if given.remove is not None:
                os.removexattr(file, given.remove, follow_symlinks=not given.no_dereference)
            else:
                os.setxattr(file, given.name, decoded(given.value), follow_symlinks=not given.no_dereference)
        except (OSError, ValueError) as error:
            sys.stderr.write(f"setfattr: {file}: {getattr(error, 'strerror', None) or error}\n")
            status = 1
    return status


def decoded(value: str) -> bytes:
    """A value as setfattr(1) reads it: text, perhaps in quotes, or hexadecimal after `0x`, or base64 after `0s`.

    :raises ValueError: it is neither.
    """
    prefix, rest = value[:2].lower(), value[2:]
    if prefix == "0x":
        return binascii.unhexlify(rest)
    if prefix == "0s":
        return base64.b64decode(rest, validate=True)
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return os.fsencode(value[1:-1] if quoted else value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
