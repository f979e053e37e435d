"""The name of this installation: told to a provider with everything asked of it, so that what is ours is known by it.

It lies apart from the ledger: with a broken ledger, what still runs is found by this name. Another computer with the
same key has another name, and is left alone.
"""

import os
import re
import secrets
from pathlib import Path

from craft_desktop.model.errors import SandboxError
from craft_desktop.store.atomic import locked


def installation_name(folder: Path) -> str:
    """Give the name, 12 hexadecimal digits; made at the first call.

    :raises SandboxError: `folder` cannot be written.
    """
    file = folder / "installation"
    try:
        with locked(folder / ".installation.lock"):
            name = file.read_text(encoding="ascii", errors="replace").strip() if file.exists() else ""
            if not re.fullmatch(r"[0-9a-f]{12}", name):
                name = secrets.token_hex(6)  # 48 bits: never the same twice among one person's computers
                fresh = file.with_name(f".installation.{os.getpid()}.new")
                fresh.write_text(name + "\n", encoding="ascii")
                fresh.replace(file)
    except OSError as error:
        raise SandboxError(
            "The program's own folder cannot be written",
            f"{file}: {error.strerror or error}",
            "Make room on the disk or make the folder writable, then start again.",
        ) from error
    return name
