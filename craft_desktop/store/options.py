"""The settings file: what a person chose, checked on the way in and on the way out."""

import logging
from collections.abc import Mapping
from pathlib import Path

from craft_desktop.model.errors import Action, SettingError
from craft_desktop.model.settings import BY_KEY, Settings, Value, check, settled
from craft_desktop.store.atomic import locked, read_json, write_json

_log = logging.getLogger(__name__)


class OptionStore:
    """Reads and changes `settings.json` in `folder`, which must exist.

    :raises SettingError: the file is there and cannot be read.
    """

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
                kept = read_json(self._file, {})
                if checked == BY_KEY[key].default:
                    kept.pop(key, None)
                else:
                    kept[key] = checked
                write_json(self._file, kept)
        except OSError as error:
            raise SettingError(
                "The settings could not be saved",
                f"{self._file}: {error.strerror or error}",
                "Make room on the disk or make the file writable, and try again.",
                Action.NONE,
            ) from error
        self.settings = settled(self._checked(kept))
        return self.settings

    def _read(self) -> dict[str, Value]:
        try:
            return self._checked(read_json(self._file, {}))
        except OSError as error:
            raise SettingError(
                "The settings could not be read",
                f"{self._file}: {error.strerror or error}",
                "Give yourself the right to read the file, or move it away, and start again.",
                Action.NONE,
            ) from error

    def _checked(self, kept: Mapping[str, object]) -> dict[str, Value]:
        # What this version does not know or take stays in the file: a newer one may have written it.
        values: dict[str, Value] = {}
        for key, value in kept.items():
            try:
                values[key] = check(key, value)
            except SettingError as error:
                _log.warning("%s: %s", self._file, error)
        return values
