"""The command `env`: a project's environment variables, through the program that runs, or without one."""

import getpass
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from craft_desktop.control.client import KEYRING_LIMIT_S, Reach, folder_of
from craft_desktop.control.commands import EXIT_OK, unknown
from craft_desktop.control.console import Printer
from craft_desktop.model.dotenv import parse_dotenv
from craft_desktop.model.environment import MOST_BYTES, importable
from craft_desktop.model.errors import SecretError, VariableError
from craft_desktop.store.environment import EnvironmentStore
from craft_desktop.store.projects import ProjectStore
from craft_desktop.store.secrets import SecretStore, keyring_told


async def list_variables(state: Path, printer: Printer, name: str, *, reveal: bool) -> int:
    """Show the names of a project's variables; the values when asked to reveal them."""
    async with Reach(state) as reach:
        found = await reach.find(name) if reach.clients else None
        if found is not None:
            client, project = found
            query = [("reveal", "true")] if reveal else []
            answer = await client.ask("GET", _at(project), query=query, limit_s=KEYRING_LIMIT_S)
        else:
            project_id, store = _alone(state, name)
            values = await store.values(project_id) if reveal else {}
            answer = {"names": list(store.names(project_id)), **({"values": values} if reveal else {})}
    values = answer.get("values", {})
    lines = [f"{each}={_shown(values[each])}" if reveal else each for each in answer["names"]]
    printer.answer(answer, lines or ["The project has no environment variables."])
    return EXIT_OK


async def change_variables(
    state: Path, printer: Printer, name: str, *, put: dict[str, str], drop: Sequence[str] = (), dotenv: str = ""
) -> int:
    """Set and drop variables, and take over those of a .env file; a dev server that runs is started anew."""
    async with Reach(state) as reach:
        found = await reach.find(name) if reach.clients else None
        if found is not None:
            client, project = found
            body = {"set": put, "unset": list(drop), "dotenv": dotenv}
            answer = await client.ask("PATCH", _at(project), body, limit_s=KEYRING_LIMIT_S)
        else:
            answer = await _change_alone(state, name, put, drop, dotenv)
    lines = [f"The project has: {', '.join(answer['names']) or 'no environment variables'}."]
    if answer["kept"] == "memory":
        lines.append("There is no system keyring: they are kept until Craft Desktop ends.")
    lines += [f"Left out: {each}. {why}" for each, why in answer["leftOut"].items()]
    printer.answer(answer, lines)
    return EXIT_OK


def read_assignments(words: Sequence[str]) -> dict[str, str]:
    """Read NAME=VALUE words; of a bare NAME the value is read from standard input, where no other program sees it.

    :raises VariableError: more than one value would be read from there.
    """
    bare = [word for word in words if "=" not in word]
    if len(bare) > 1:
        raise VariableError(
            "Two values cannot be read at once",
            f"{', '.join(bare)} have no value.",
            "Give one NAME at a time, or NAME=VALUE.",
        )
    given = dict(word.split("=", 1) for word in words if "=" in word)
    return given | {name: _read_value(name) for name in bare}


def read_file(path: Path) -> str:
    """Read a .env file.

    :raises VariableError: it is not there, not text, or far too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(4 * MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror or str(error) if isinstance(error, OSError) else "It is not UTF-8 text."
        raise VariableError(
            "The file was not imported", f"{path}: {detail}", "Give a text file of NAME=VALUE lines."
        ) from error
    if len(content) > 4 * MOST_BYTES:
        raise VariableError(
            "The file was not imported", f"{path} is larger than {4 * MOST_BYTES:,} bytes.", "Give a .env file."
        )
    return text


def _read_value(name: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{name}=")
    return sys.stdin.read().removesuffix("\n")


def _shown(value: str) -> str:
    return value if value.isprintable() else json.dumps(value, ensure_ascii=False)


def _at(project: dict[str, Any]) -> str:
    return f"/api/sandbox/{project['id']}/environment"


def _alone(state: Path, name: str) -> tuple[str, EnvironmentStore]:
    """Find a project and the store without a program that runs, or that knows it."""
    projects = ProjectStore(state).all() if state.is_dir() else ()
    folder = folder_of(name)
    for project in projects:
        if name in (project.id, project.slug) or project.path == folder:
            return project.id, EnvironmentStore(state, SecretStore())
    raise unknown(name)


async def _change_alone(
    state: Path, name: str, put: dict[str, str], drop: Sequence[str], dotenv: str
) -> dict[str, Any]:
    project_id, store = _alone(state, name)
    read, left_out = importable(parse_dotenv(dotenv))
    put = read | put
    if put and await keyring_told() is None:
        raise SecretError(
            "There is no system keyring to keep them in",
            "Without one they are kept for one run of the program, and none runs.",
            "Open Craft Desktop first, or run the project with “craft-desktop preview”, and set them then.",
        )
    source = await store.change(project_id, put, drop)
    return {"names": list(store.names(project_id)), "kept": source.value, "leftOut": left_out}
