"""Finds the file that a line of a log names, inside the project's own folder and nowhere else.

The log is hostile: a name must lead neither upward nor through a link to what lies outside.
"""

import contextlib
import stat
from pathlib import Path

from craft_desktop.model.errors import ProjectError
from craft_desktop.model.places import Place
from craft_desktop.workbench.workspaces import workspace_of


class Locator:
    """Finds files of one project.

    :param folder: the project's own folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bases: tuple[Path, ...] | None = None

    def locate(self, place: Place) -> Path | None:
        """Give the file that a place means; None where the project has no such file. Looks at the disk."""
        try:
            app, top = self._resolved()
        except OSError:
            return None  # the folder is gone
        for base in (top, app) if place.is_from_top else (app, top):
            # Not there, no name of a file, or links in a circle: then it is looked for at the other base.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                found = (base / place.path).resolve(strict=True)
                if found.is_relative_to(top) and stat.S_ISREG(found.stat().st_mode):
                    return found
        return None

    def _resolved(self) -> tuple[Path, ...]:
        if self._bases is None:
            try:
                found = workspace_of(self._folder)
            except ProjectError:  # a manifest above that cannot be read
                found = None
            self._bases = (self._folder.resolve(strict=True), (found[0].root if found else self._folder).resolve())
        return self._bases
