"""Reads which names a project's own `.env` files set. Their values are dropped at once."""

import os
import stat
from pathlib import Path

from craft_desktop.model.dotenv import parse_dotenv
from craft_desktop.model.env_files import EnvFile, EnvFiles, order
from craft_desktop.model.environment import MOST_BYTES
from craft_desktop.model.errors import ProjectError
from craft_desktop.model.script import Framework
from craft_desktop.workbench.folder import read_folder

LIMIT_BYTES = 4 * MOST_BYTES
"""Of each file so much is read: as much as an import takes."""


def read_env_files(folder: Path) -> EnvFiles:
    """Read the files beside a project's package.json. What cannot be read sets nothing. Blocks on the disk."""
    try:
        framework = read_folder(folder).recipe.framework
    except ProjectError:
        framework = Framework.OTHER  # its start will say what is wrong with it
    read = ((name, _read(folder / name)) for name in order(framework))
    return EnvFiles(framework, tuple(EnvFile(name, frozenset(parse_dotenv(text))) for name, text in read if text))


def _read(path: Path) -> str:
    try:
        # A pipe or a device by that name would keep the thread for ever; Windows has no such flag, and none of these.
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return ""
            return file.read(LIMIT_BYTES).decode(errors="replace")
    except OSError:
        return ""
