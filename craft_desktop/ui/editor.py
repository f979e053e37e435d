"""Opens a file or a folder in the person's editor, or says why that did not work. No shell is started, ever."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices

from craft_desktop.model.editor import EDITORS, IN_TERMINAL, OPENABLE, TERMINALS, fill, fill_folder
from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.places import Place
from craft_desktop.ui.words import tr

_BATCH = frozenset({".cmd", ".bat"})
"""Windows starts these by a shell, which would read what is in a file's name."""


def start(command: list[str]) -> bool:
    """Start a program that outlives this one, its output going nowhere."""
    process = QProcess()
    process.setProgram(command[0])
    process.setArguments(command[1:])
    process.setStandardOutputFile(QProcess.nullDevice())
    process.setStandardErrorFile(QProcess.nullDevice())
    return bool(process.startDetached())


def open_with_system(url: QUrl) -> bool:
    """Let the system open something."""
    return bool(QDesktopServices.openUrl(url))


class EditorOpener:
    """Opens files and folders.

    :param which: finds a program, None if there is none.
    :param start: starts a program, False if that failed.
    :param open_url: lets the system open something, False if it cannot.
    """

    def __init__(
        self,
        which: Callable[[str], str | None] = shutil.which,
        start: Callable[[list[str]], bool] = start,
        open_url: Callable[[QUrl], bool] = open_with_system,
    ) -> None:
        self._which, self._start, self._open_url = which, start, open_url

    def open(self, file: Path, place: Place, template: str) -> Problem | None:
        """Open `file` at the line of `place`; answers what went wrong.

        :param template: the person's own command; empty for an editor that is found.
        """
        if template:
            return self._open_with(template, lambda: fill(template, str(file), place.line, place.column))
        if self._open_found(
            lambda arguments: fill(arguments, str(file), place.line, place.column), [f"+{place.line or 1}", str(file)]
        ):
            return None
        # The system may do as it likes with the kinds of files it knows: it gets only what it would never run.
        target = file if file.suffix.lower() in OPENABLE else file.parent
        if self._open_url(QUrl.fromLocalFile(str(target))):
            return None
        return self._problem(tr("No editor was found for {0}.").format(file.name))

    def open_folder(self, folder: Path, template: str) -> Problem | None:
        """Open a folder; answers what went wrong. The system's opener is not asked: it would show the files."""
        if template:
            return self._open_with(template, lambda: fill_folder(template, str(folder)))
        if self._open_found(lambda arguments: fill_folder(f"editor {arguments}", str(folder))[1:], [str(folder)]):
            return None
        return self._problem(tr("No editor was found for {0}.").format(folder.name))

    def _open_with(self, template: str, fill_in: Callable[[], list[str]]) -> Problem | None:
        try:
            command = fill_in()
        except ValueError:  # the settings file was edited by hand
            return self._problem(tr("The quotes in “{0}” do not match.").format(template))
        program = self._program(command[0]) if command else None
        if program is None:
            return self._problem(tr("There is no program “{0}”.").format(command[0] if command else template))
        if not self._start([program, *command[1:]]):
            return self._problem(tr("“{0}” could not be started.").format(program))
        return None

    def _open_found(self, fill_in: Callable[[str], list[str]], for_vim: list[str]) -> bool:
        return any(self._start(command) for command in self._found(fill_in, for_vim))

    def _found(self, fill_in: Callable[[str], list[str]], for_vim: list[str]) -> Iterator[list[str]]:
        for editor in EDITORS:
            for name in editor.programs:
                program = self._program(name)
                if program is not None:
                    yield [program, *fill_in(editor.arguments)]
        if sys.platform == "win32":
            return
        terminal = next((found for name, dash in TERMINALS if (found := (self._program(name), dash))[0]), None)
        vim = next((program for name in IN_TERMINAL if (program := self._program(name))), None)
        if terminal is not None and terminal[0] is not None and vim is not None:
            yield [terminal[0], terminal[1], vim, *for_vim]

    def _program(self, name: str) -> str | None:
        program = self._which(name)
        return None if program is None or Path(program).suffix.lower() in _BATCH else program

    def _problem(self, detail: str) -> Problem:
        return Problem(
            tr("The editor did not start"),
            detail,
            tr("Write the command of your editor in Settings, for example: code -g {file}:{line}:{column}"),
            Action.OPEN_SETTINGS,
        )
