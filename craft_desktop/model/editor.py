"""How editors are told to open a file at a line: their commands, and a person's own. Pure.

A command is taken apart once, before a file's name is put into it, and is started without a shell: nothing in a name is
ever read as anything but the name.
"""

import re
import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Editor:
    """An editor: its name, the programs it may go by, and what follows the program."""

    name: str
    programs: tuple[str, ...]
    arguments: str


EDITORS: tuple[Editor, ...] = (
    Editor("Visual Studio Code", ("code", "codium", "code-insiders"), "-g {file}:{line}:{column}"),
    Editor("Cursor", ("cursor",), "-g {file}:{line}:{column}"),
    Editor("Windsurf", ("windsurf",), "-g {file}:{line}:{column}"),
    Editor("Zed", ("zed", "zeditor"), "{file}:{line}:{column}"),
    Editor("Sublime Text", ("subl",), "{file}:{line}:{column}"),
    Editor("JetBrains", ("webstorm", "idea", "phpstorm", "pycharm"), "--line {line} --column {column} {file}"),
)
"""Looked for in this order."""

TERMINALS: tuple[tuple[str, str], ...] = (
    ("x-terminal-emulator", "-e"),
    ("gnome-terminal", "--"),
    ("konsole", "-e"),
    ("xterm", "-e"),
)
"""Terminals, and what stands between them and the command that they run."""
IN_TERMINAL: tuple[str, ...] = ("nvim", "vim")
"""Editors that need one; the line is told by `+12`."""

OPENABLE = frozenset(
    [
        ".ts",
        ".tsx",
        ".jsx",
        ".mts",
        ".vue",
        ".svelte",
        ".astro",
        ".css",
        ".scss",
        ".sass",
        ".less",
        ".json",
        ".md",
        ".mdx",
        ".yml",
        ".yaml",
        ".toml",
        ".txt",
    ]
)
"""Files that the system's opener may have: on no system are these started as a program (a `.js` file is on Windows)."""

_GAP = re.compile(r"\{(file|line|column)\}")


def fill(template: str, file: str, line: int, column: int) -> list[str]:
    """Give program and arguments for a file; a line or column nobody knows is the first.

    :raises ValueError: the template's quotes do not match.
    """
    values = {"file": file, "line": str(line or 1), "column": str(column or 1)}
    return [_GAP.sub(lambda gap: values[gap[1]], part) for part in shlex.split(template)]


def fill_folder(template: str, folder: str) -> list[str]:
    """Give program and arguments for a folder: what tells a line is left out.

    :raises ValueError: the template's quotes do not match.
    """
    made: list[str] = []
    for part in shlex.split(template):
        tells_line = "{line}" in part or "{column}" in part
        names_line = tells_line and ("{file}" in part or part in ("{line}", "{column}"))
        if names_line and len(made) > 1 and re.fullmatch(r"--?\w[\w-]*", made[-1]):
            made.pop()  # `--line {line}`, `-g {file}:{line}`: the option is of no use without it
        if "{file}" in part:
            made.append(folder)
        elif not tells_line:
            made.append(part)
    return made


def misfit(template: str) -> str:
    """Say what is wrong with a person's command; empty if nothing is."""
    try:
        parts = shlex.split(template)
    except ValueError:
        return "Its quotes do not match."
    if not parts or "{" in parts[0]:
        return "It does not begin with a program."
    if not any("{file}" in part for part in parts[1:]):
        return "It does not say where the file goes."
    return ""
