"""Opens the program at log-in: an entry in the desktop's autostart folder.

Law: Desktop Entry Specification 1.5 ("The Exec key", "Quoting") and Desktop Application Autostart Specification 0.5.
The file is the truth: a person may remove or disable it in the desktop's own settings.
"""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from craft_desktop.model.errors import Action, SettingError

NAME = "craft-desktop.desktop"
# What desktops write into an entry that a person switched off there.
_OFF = re.compile(r"^(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$", re.MULTILINE | re.IGNORECASE)


class Autostart:
    """The entry of this program.

    :param folder: the autostart folder; it may be missing.
    :param command: starts this program.
    """

    def __init__(self, folder: Path, command: Sequence[str], system: str = sys.platform) -> None:
        self._file = folder / NAME
        self._command = command
        self._system = system

    @property
    def is_on(self) -> bool:
        """Is there an entry, and not switched off?"""
        try:
            return not _OFF.search(self._file.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return False

    def switch(self, on: bool) -> None:
        """Write the entry, or remove it.

        :raises SettingError: this system has no such folder, or it cannot be written.
        """
        if on and self._system != "linux":
            raise _refused("Only Linux's desktops can be told so far.", "Add the program to the system's log-in items.")
        if on and not all(word.isprintable() for word in self._command):
            raise _refused("The program's own path cannot be written into the entry.", "Move the program elsewhere.")
        try:
            if on:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                fresh = self._file.with_name(f".{NAME}.{os.getpid()}.new")
                fresh.write_text(entry(self._command), encoding="utf-8")
                fresh.replace(self._file)
            else:
                self._file.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(f"{self._file}: {error.strerror or error}", "Make the folder writable.") from error


def entry(command: Sequence[str]) -> str:
    """Give the text of an entry that runs `command`."""
    return (
        "[Desktop Entry]\nType=Application\nName=Craft Desktop\nIcon=craft-desktop\n"
        f"Exec={' '.join(_quoted(word) for word in command)}\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
    )


def own_command(arguments: Sequence[str] = sys.argv, executable: str = sys.executable) -> list[str]:
    """Give the command that starts this program again, as it was started now."""
    if getattr(sys, "frozen", False):
        return [executable]
    script = Path(arguments[0]).absolute()
    if script.name == "__main__.py":  # `python -m`: run as a file, it would not find its own package
        return ["env", f"PYTHONPATH={script.parent.parent}", executable, "-m", script.parent.name]
    return [executable, str(script)] if script.suffix == ".py" else [str(script)]


def _quoted(word: str) -> str:
    # Twice: once for the quotes of Exec, once because a backslash is one of every value of type string.
    inner = re.sub(r'(["`$\\])', r"\\\1", word)
    return f'"{inner}"'.replace("\\", "\\\\").replace("%", "%%")


def _refused(detail: str, remedy: str) -> SettingError:
    return SettingError("“Open at log-in” was not changed", detail, remedy, Action.NONE)
