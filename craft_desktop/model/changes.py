"""What a changed file asks for besides being sent: nothing, a new dev server, or a new install.

Most changes ask for nothing, because the framework watches its own files; which ones it watches was tried with each
(tests/matrix/test_reload.py). Plain Node.js reads its environment once, at its start; Nuxt starts itself anew for a
changed `.env`, but inherits the old values, which win (3.21).
"""

from collections.abc import Collection
from enum import IntEnum

from craft_desktop.model.project import DEPENDENCY_FILES, Recipe
from craft_desktop.model.script import Framework

_READ_ENVIRONMENT_ONCE = frozenset({Framework.OTHER, Framework.NUXT})


class Need(IntEnum):
    """What must be done, the larger including the smaller."""

    NOTHING = 0
    RESTART = 1
    REINSTALL = 2


def asks_a_look(changed: Collection[str]) -> bool:
    """May these changes (relpaths) ask for more than sending? If so, the folder is read again."""
    return any(_name(relpath) in DEPENDENCY_FILES or _is_env(_name(relpath)) for relpath in changed)


def need_of(recipe: Recipe, changed: Collection[str]) -> Need:
    """Give what the changed files ask for, where dependencies and recipe stayed as they were.

    Environment files count beside the app's own script alone.
    """
    if recipe.framework not in _READ_ENVIRONMENT_ONCE:
        return Need.NOTHING
    beside = [relpath for relpath in changed if relpath.rpartition("/")[0] == recipe.app_dir]
    return Need.RESTART if any(_is_env(_name(relpath)) for relpath in beside) else Need.NOTHING


def _name(relpath: str) -> str:
    return relpath.rpartition("/")[2]


def _is_env(name: str) -> bool:
    return name == ".env" or name.startswith(".env.")
