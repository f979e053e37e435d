"""Where settings, state, caches, logs and the program's own resources lie.

`CRAFT_DESKTOP_HOME=DIR` puts all of them under DIR, so that two copies of the program never meet.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "craft-desktop"


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of one copy of the program. They exist once `prepare` has run.

    `settings` holds what a person chose (hard to lose), `state` what the program remembers, `cache` what it can
    make again, `logs` the log files, `documents` where the sample project is put, `resources` what ships, `autostart`
    what the desktop starts at log-in (XDG Autostart); it is the desktop's own, and never made by `prepare`.
    """

    settings: Path
    state: Path
    cache: Path
    logs: Path
    documents: Path
    resources: Path
    autostart: Path

    @property
    def own(self) -> tuple[Path, ...]:
        """The folders that are the program's alone."""
        return self.settings, self.state, self.cache, self.logs

    def prepare(self) -> None:
        """Make the folders, readable by their owner alone.

        :raises OSError: a folder cannot be made.
        """
        for folder in self.own:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def find_paths(environment: Mapping[str, str] = os.environ) -> Paths:
    """Find the folders; nothing is made."""
    home = environment.get("CRAFT_DESKTOP_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(
            root / "settings",
            root / "state",
            root / "cache",
            root / "logs",
            root / "documents",
            _find_resources(),
            root / "autostart",
        )
    folders = platformdirs.PlatformDirs(APP, appauthor=False)
    return Paths(
        folders.user_config_path,
        folders.user_state_path,
        folders.user_cache_path,
        folders.user_log_path,
        folders.user_documents_path,
        _find_resources(),
        folders.user_config_path.parent / "autostart",
    )


def _find_resources() -> Path:
    package = Path(__file__).resolve().parent
    installed = package / "_resources"  # where the wheel puts them
    return installed if installed.is_dir() else package.parent / "resources"
