"""Whether Turborepo builds an app's packages before its dev script, and the command that does.

A package that is used by what it builds (`dist`, git-ignored and so never sent) must be built in the sandbox first;
`turbo dev` does that where turbo.json says so: `"dev": {"dependsOn": ["^build"]}`. The dev server itself is started
without turbo, whose `dev` would start every app of the repository.
"""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from craft_desktop.model.project import PackageManager

FILES = ("turbo.json", "turbo.jsonc")
# What is open at the end of the text goes on to there, and what was once read stays read: else a file that a project
# nobody knows brings along would be read in more ways than there are atoms.
_COMMENT = r"//[^\n]*+|/\*(?>.*?(?:\*/|\Z))"
_TOKEN = re.compile(rf'("(?:\\.|[^"\\])*+(?:"|\\?\Z))|{_COMMENT}|,(?=(?:\s|{_COMMENT})*+[}}\]])', re.DOTALL)
_DEPENDENCIES = ("devDependencies", "dependencies")
_TASKS = ("tasks", "pipeline")  # from version 2 on, and before


def parse(text: str) -> dict[str, Any]:
    """Read a turbo.json, which may hold comments and commas before a bracket; what cannot be read says nothing."""
    try:
        data = json.loads(_TOKEN.sub(lambda found: found[1] or "", text))
    except (ValueError, RecursionError):  # the latter is of brackets within brackets, a thousand deep
        return {}
    return data if isinstance(data, dict) else {}


def is_among(manifest: Mapping[str, Any]) -> bool:
    """Does the repository's top-level manifest have turbo installed?"""
    return any("turbo" in named for key in _DEPENDENCIES if isinstance(named := manifest.get(key), dict))


def tasks_before(config: Mapping[str, Any], app: str, script: str) -> tuple[str, ...]:
    """Give the tasks of an app's packages that come before its script: what `dependsOn` names with a `^`.

    :param app: its name, whose own entry (`web#dev`) goes before the common one.
    """
    tasks: Mapping[str, Any] = next((config[key] for key in _TASKS if isinstance(config.get(key), dict)), {})
    task: Mapping[str, Any] = next(
        (tasks[name] for name in (f"{app}#{script}", script) if isinstance(tasks.get(name), dict)), {}
    )
    named = task.get("dependsOn")
    listed = named if isinstance(named, list) else []
    return tuple(name[1:] for name in listed if isinstance(name, str) and re.fullmatch(r"\^[\w:.-]+", name))


def build_command(app: str, tasks: tuple[str, ...], manager: PackageManager, runner: str) -> str:
    """Give the command, for bash at the repository's top, that runs the tasks in all packages the app depends on.

    :param runner: the package manager's own command; Yarn alone is asked for the program, for it may keep no folder
        of programs (Plug'n'Play).
    """
    words = ["turbo", "run", *tasks, f"--filter={app}^..."]
    if manager is PackageManager.YARN:
        return f"{runner} run {shlex.join(words)}"
    return f"./node_modules/.bin/{shlex.join(words)}"
