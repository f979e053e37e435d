"""The sample project that ships: copied to where a person keeps documents, to be played with."""

import asyncio
import shutil
from pathlib import Path

from craft_desktop.model.errors import ProjectError

SAMPLE_NAME = "Craft sample"


async def copy_sample(resources: Path, documents: Path) -> Path:
    """Copy the sample to a folder in `documents` and give that; a copy there already serves.

    :raises ProjectError: it cannot be copied.
    """
    target = documents / SAMPLE_NAME
    try:
        if not (target / "package.json").is_file():
            await asyncio.to_thread(shutil.copytree, resources / "starter", target, dirs_exist_ok=True)
    except OSError as error:
        raise ProjectError(
            "The sample project could not be copied",
            f"{target}: {error.strerror or error}",
            "Make room on the disk or make the folder writable, and try again.",
        ) from error
    return target
