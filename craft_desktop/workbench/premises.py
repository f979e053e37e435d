"""What a project's folder says of itself to a doctor: its recipe, its packages, the variables that its files set."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from craft_desktop.logs import SHORTEST_SECRET, STRUCK
from craft_desktop.model.dotenv import parse_dotenv
from craft_desktop.model.env_files import order
from craft_desktop.model.errors import ProjectError
from craft_desktop.model.project import Recipe, packages_of, parse_manifest
from craft_desktop.model.script import Framework
from craft_desktop.model.source_reads import assigned_in
from craft_desktop.workbench.folder import read_folder
from craft_desktop.workbench.source_tree import read_file

# Values that a project may print, whoever reads them; the example files name what a project wants.
_READ = (".env", ".env.local", ".env.development", ".env.development.local")
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.local.example")
# Names by which the page itself sees a value, so that it is no secret.
_PUBLIC = ("NEXT_PUBLIC_", "VITE_", "PUBLIC_", "NUXT_PUBLIC_", "REACT_APP_", "GATSBY_")
# A password in an address, and what is handed over by its name in a command line or a log.
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s:@]{0,100}:[^/\s@]{1,200}(?=@)")
_BY_NAME = re.compile(
    r"(?P<name>\b[\w-]{0,40}(?:token|secret|passw(?:or)?d|api[_-]?key|authorization)[\w-]{0,20}"
    r"[\"']?\s?[=:]\s?[\"']?(?:bearer )?)"
    r"(?P<value>[^\s\"',;]{4,400})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Premises:
    """What was read. `set_names` are the variables that the project's own files and script set, `example_names` those
    that its example files name; `secrets` are values that no evidence may show."""

    recipe: Recipe | None = None
    packages: tuple[str, ...] = ()
    set_names: frozenset[str] = frozenset()
    example_names: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = field(default=(), repr=False)


def read_premises(folder: Path) -> Premises:
    """Read a project's folder; what cannot be read is left out, for the run tells it. To be called in a thread."""
    try:
        recipe: Recipe | None = read_folder(folder).recipe
    except ProjectError:
        recipe = None
    try:
        packages = packages_of(parse_manifest(read_file(folder / "package.json") or ""))
    except ProjectError:
        packages = set()
    read = order(recipe.framework if recipe else Framework.OTHER)
    files = {name: parse_dotenv(read_file(folder / name) or "") for name in {*_READ, *read}}
    values = [pair for file in files.values() for pair in file.items()]
    example = {name for file in _EXAMPLES for name in parse_dotenv(read_file(folder / file) or "")}
    hidden = {value for name, value in values if not name.startswith(_PUBLIC) and len(value) >= SHORTEST_SECRET}
    return Premises(
        recipe,
        tuple(sorted(packages)),
        frozenset(
            {*(name for file in read for name in files[file]), *(assigned_in(recipe.dev_script) if recipe else ())}
        ),
        frozenset(example),
        tuple(sorted(hidden, key=len, reverse=True)),
    )


def striker(premises: Premises, strike: Callable[[str], str]) -> Callable[[str], str]:
    """Give what takes secrets out of evidence: the kept ones, those of the project's files, and what looks like one."""

    def struck(text: str) -> str:
        text = strike(text)
        for secret in premises.secrets:
            text = text.replace(secret, STRUCK)
        text = _IN_ADDRESS.sub(STRUCK, text)
        return _BY_NAME.sub(lambda match: match["name"] + STRUCK, text)

    return struck
