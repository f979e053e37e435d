"""The settings file: what a person chose, checked on the way in and on the way out."""

import logging
from pathlib import Path

from craft_desktop.model.errors import Action, SettingError
from craft_desktop.model.settings import BY_KEY, Settings, Value, check, settled
from craft_desktop.store.atomic import locked, read_json, write_json

_log = logging.getLogger(__name__)


class OptionStore:
    """Reads and changes `settings.json` in `folder`, which must exist."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "settings.json"
        self._lock = folder / ".settings.lock"
        self.settings = settled(self._read())

    def change(self, key: str, value: object) -> Settings:
        """Change one setting and answer all that are in force.

        :raises SettingError: the value is refused, or the file cannot be written; the old value stays.
        """
        checked = check(key, value)
        try:
            with locked(self._lock):
                values = self._read()
                if checked == BY_KEY[key].default:
                    values.pop(key, None)
                else:
                    values[key] = checked
                write_json(self._file, values)
        except OSError as error:
            raise SettingError(
                "The settings could not be saved",
                f"{self._file}: {error.strerror or error}",
                "Make room on the disk or make the file writable, and try again.",
                Action.NONE,
            ) from error
        self.settings = settled(values)
        return self.settings

    def _read(self) -> dict[str, Value]:
        found = read_json(self._file, {})
        values: dict[str, Value] = {}
        for key, value in found.items() if isinstance(found, dict) else ():
            try:
                values[key] = check(key, value)
            except SettingError as error:
                _log.warning("%s: %s", self._file, error)
        return values
