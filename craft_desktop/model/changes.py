"""What a changed file asks for besides being sent: nothing, a new dev server, or a new install.

Most changes ask for nothing, because the framework watches its own files; which ones it watches was tried with each
(tests/matrix/test_reload.py). Plain Node.js reads its environment once, at its start; Nuxt starts itself anew for a
changed `.env`, but inherits the old values, which win (3.21). A program that Node.js runs by itself reads its source
once (`unwatched.py`).
"""

from collections.abc import Collection
from enum import IntEnum

from craft_desktop.model.project import DEPENDENCY_FILES, Recipe
from craft_desktop.model.script import Framework
from craft_desktop.model.unwatched import has_shown, has_source

_READ_ENVIRONMENT_ONCE = frozenset({Framework.OTHER, Framework.NUXT})


class Need(IntEnum):
    """What must be done, the larger including the smaller."""

    NOTHING = 0
    RELOAD = 1
    """A page that is loaded anew, unless the dev server watches and tells it."""
    FOLLOW = 2
    """A new dev server, unless the one that runs watches its source after all."""
    RESTART = 3
    REINSTALL = 4


def asks_a_look(recipe: Recipe, changed: Collection[str]) -> bool:
    """May these changes (relpaths) ask for more than sending? If so, the folder is read again."""
    if recipe.is_unwatched and (has_source(changed) or has_shown(changed)):
        return True
    return any(_name(relpath) in DEPENDENCY_FILES or _is_env(_name(relpath)) for relpath in changed)


def need_of(recipe: Recipe, changed: Collection[str]) -> Need:
    """Give what the changed files ask for, where dependencies and recipe stayed as they were.

    Environment files count beside the app's own script alone.
    """
    beside = [relpath for relpath in changed if relpath.rpartition("/")[0] == recipe.app_dir]
    if recipe.framework in _READ_ENVIRONMENT_ONCE and any(_is_env(_name(relpath)) for relpath in beside):
        return Need.RESTART
    if not recipe.is_unwatched:
        return Need.NOTHING
    if has_source(changed):
        return Need.FOLLOW
    return Need.RELOAD if has_shown(changed) else Need.NOTHING


def _name(relpath: str) -> str:
    return relpath.rpartition("/")[2]


def _is_env(name: str) -> bool:
    return name == ".env" or name.startswith(".env.")
