"""Keeps the program's own folders out of what is sent.

A folder that holds them is a home, or one above: with it would go the keys in there, every other project, and what
the sandboxes on this computer write. What is sent to such a sandbox would lie in the folder once more, without end.
"""

from collections.abc import Iterable
from pathlib import Path

from craft_desktop.model.errors import Action, ProjectError
from craft_desktop.workbench.folder import Folder, read_folder


def read_apart(path: Path, own: Iterable[Path]) -> Folder:
    """Read the project in the folder `path`, which holds none of the folders `own`, nor does what is sent of it.

    :raises ProjectError: it does; or as `read_folder`.
    """
    folder = read_folder(path)
    root = folder.root.resolve()
    held = next((each for each in own if each.resolve().is_relative_to(root)), None)
    if held is not None:
        raise ProjectError(
            "This folder holds more than a project",
            f"{root} would be sent whole, and this program's own files are in it: {held}",
            "Choose the project's own folder. If package.json lies in your home by mistake, move it away.",
            Action.OPEN_FOLDER,
        )
    return folder
