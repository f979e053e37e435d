"""A project and the recipe to run it: values, and the rules that read a recipe out of package.json.

Sources of the rules: lock file names and install commands are those of npm, pnpm, yarn and bun; the dev servers'
flags were read in their `--help` (next, vite, astro, nuxt, react-router).
"""

import json
import re
import shlex
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from craft_desktop.model.errors import Action, ProjectError


class Provider(StrEnum):
    """Where a project runs."""

    LOCAL = "local"
    E2B = "e2b"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder on the list. `slug` names its address for good; times are Unix seconds."""

    id: str
    slug: str
    name: str
    path: Path
    added_at: float
    used_at: float
    provider: Provider | None = None
    unisolated: bool = False


class PackageManager(StrEnum):
    """Who installs the dependencies."""

    NPM = "npm"
    PNPM = "pnpm"
    YARN = "yarn"
    BUN = "bun"


class Framework(StrEnum):
    """Who serves the page; decides how host and port are told to it."""

    NEXT = "Next.js"
    VITE = "Vite"
    ASTRO = "Astro"
    NUXT = "Nuxt"
    REMIX = "Remix"
    OTHER = "Node.js"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a project is installed and served. Commands are for `bash -c`, run in the project's folder."""

    name: str
    framework: Framework
    package_manager: PackageManager
    lock_file: str | None
    install_command: str
    dev_script: str
    package_manager_version: str = ""

    @property
    def declared_port(self) -> int | None:
        """Give the port that the script itself names, if any."""
        found = re.search(r"(?:^|\s)(?:-p|--port|PORT)[=\s]\s*(\d{2,5})(?=\s|$)", self.dev_script)
        port = int(found[1]) if found else 0
        return port if 0 < port < 65536 else None

    def dev_command(self, port: int) -> str:
        """Give the command that serves on `port` of the sandbox's loopback address."""
        flags = self.flags(port)
        run = f"{runner(self.package_manager, self.package_manager_version)} run dev"
        if not flags:
            return run
        # npm eats flags up to `--`; pnpm, yarn and bun pass on what follows the script's name.
        dashes = " --" if self.package_manager is PackageManager.NPM else ""
        return f"{run}{dashes} {shlex.join(flags)}"

    def flags(self, port: int) -> list[str]:
        """Give the dev server's flags for host and port, where the script has not set them itself.

        Loopback only: Next.js would listen on every interface of the machine (measured), and Next.js >= 16.2
        accepts the hot-reload socket from `*.localhost` whatever the host flag.
        """
        words = self.dev_script.split()
        if self.framework is Framework.NEXT:
            return [
                *_unless(words, ("-p", "--port"), str(port)),
                *_unless(words, ("-H", "--hostname"), "127.0.0.1"),
            ]
        if self.framework in (Framework.VITE, Framework.ASTRO, Framework.NUXT, Framework.REMIX):
            return [*_unless(words, ("--port", "-p"), str(port)), *_unless(words, ("--host",), "127.0.0.1")]
        return []


def _unless(words: list[str], names: tuple[str, ...], value: str) -> list[str]:
    taken = any(word == name or word.startswith(f"{name}=") for word in words for name in names)
    return [] if taken else [names[0], value]


# Order of trust when several lie side by side: the rarer choice was made on purpose.
LOCK_FILES: Mapping[str, PackageManager] = {
    "bun.lock": PackageManager.BUN,
    "bun.lockb": PackageManager.BUN,
    "pnpm-lock.yaml": PackageManager.PNPM,
    "yarn.lock": PackageManager.YARN,
    "npm-shrinkwrap.json": PackageManager.NPM,
    "package-lock.json": PackageManager.NPM,
}

# A change in one of these asks for a new install.
DEPENDENCY_FILES: frozenset[str] = frozenset({"package.json", ".npmrc", "pnpm-workspace.yaml", *LOCK_FILES})

_FRAMEWORK_PACKAGES: tuple[tuple[str, Framework], ...] = (
    ("next", Framework.NEXT),
    ("astro", Framework.ASTRO),
    ("nuxt", Framework.NUXT),
    ("@remix-run/dev", Framework.REMIX),
    ("@react-router/dev", Framework.REMIX),
    ("vite", Framework.VITE),
)


def runner(manager: PackageManager, version: str = "") -> str:
    """Give the command of a package manager; the ones a sandbox may lack come through npx.

    :param version: as `packageManager` declares it; empty for the newest. npm is the sandbox's own.
    """
    if manager is PackageManager.NPM:
        return "npm"
    if manager is PackageManager.YARN and version and not version.startswith(("0.", "1.")):
        # From version 2 on, Yarn is published under this name.
        return f"npx --yes --package=@yarnpkg/cli-dist@{version} yarn"
    return f"npx --yes {manager.value}@{version}" if version else f"npx --yes {manager.value}"


def install_command(manager: PackageManager, version: str = "") -> str:
    """Give the install command; npm's flag lets projects with loose peer ranges install as they do on E2B."""
    if manager is PackageManager.NPM:
        return "npm install --legacy-peer-deps --no-audit --no-fund"
    return f"{runner(manager, version)} install"


def read_recipe(manifest: str, names: Collection[str]) -> Recipe:
    """Read how to run a project.

    :param manifest: the text of package.json.
    :param names: the names of the files beside it.
    :raises ProjectError: not JSON (with line and column), not an object, or no `dev` script.
    """
    data = parse_manifest(manifest)
    scripts = data.get("scripts")
    script = scripts.get("dev") if isinstance(scripts, dict) else None
    if not isinstance(script, str) or not script.strip():
        have = ", ".join(sorted(scripts)) if isinstance(scripts, dict) and scripts else "none"
        raise ProjectError(
            "The project has no “dev” script",
            f"package.json names these scripts: {have}.",
            'Add one to package.json, for example "dev": "next dev", and start again.',
            Action.OPEN_FOLDER,
        )
    lock_file = next((name for name in LOCK_FILES if name in names), None)
    declared, version = _declared_manager(data)
    manager = declared or (LOCK_FILES[lock_file] if lock_file else PackageManager.NPM)
    name = data.get("name")
    return Recipe(
        name=name if isinstance(name, str) and name else "",
        framework=_framework(data, script),
        package_manager=manager,
        lock_file=lock_file,
        install_command=install_command(manager, version),
        dev_script=script,
        package_manager_version=version,
    )


def parse_manifest(manifest: str) -> dict[str, Any]:
    """Parse package.json.

    :raises ProjectError: with line and column of the first mistake.
    """
    text = manifest.removeprefix("\ufeff")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        # JSON counts line feeds alone; splitlines() would count more.
        line = text.split("\n")[error.lineno - 1].strip()[:120]
        raise ProjectError(
            "package.json is not valid JSON",
            f"Line {error.lineno}, column {error.colno}: {error.msg}" + (f"\n{line}" if line else ""),
            "Correct that line and save; then start again.",
            Action.OPEN_FOLDER,
        ) from error
    except (RecursionError, ValueError) as error:
        raise ProjectError(
            "package.json is not valid JSON",
            "It is nested too deeply." if isinstance(error, RecursionError) else f"A number in it is too long: {error}",
            "Correct it and start again.",
            Action.OPEN_FOLDER,
        ) from error
    if not isinstance(data, dict):
        raise ProjectError(
            "package.json is not an object",
            f"Line 1, column 1: it holds a {type(data).__name__}, where {{ … }} is needed.",
            "Correct it and start again.",
            Action.OPEN_FOLDER,
        )
    return data


def _declared_manager(data: Mapping[str, Any]) -> tuple[PackageManager | None, str]:
    # "pnpm@9.1.0+sha256.…" (Node.js, Corepack); what is not a plain version could be words for the shell.
    declared = data.get("packageManager")
    found = (
        re.fullmatch(r"([a-z]+)(?:@(\d+\.\d+\.\d+[0-9A-Za-z.-]*)(?:\+.*)?)?", declared)
        if isinstance(declared, str)
        else None
    )
    if found is None or found[1] not in {manager.value for manager in PackageManager}:
        return None, ""
    return PackageManager(found[1]), found[2] or ""


def _framework(data: Mapping[str, Any], script: str) -> Framework:
    packages: set[str] = set()
    for key in ("dependencies", "devDependencies"):
        section = data.get(key)
        if isinstance(section, dict):
            packages.update(section)
    words = set(re.split(r"[\s;&|]+", script))
    for package, framework in _FRAMEWORK_PACKAGES:
        command = {"@remix-run/dev": "remix", "@react-router/dev": "react-router"}.get(package, package)
        if package in packages and command in words:
            return framework
    return Framework.OTHER


def make_slug(name: str, taken: Collection[str]) -> str:
    """Make a DNS label (RFC 1123: letters, digits and hyphens, at most 63) not in `taken`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    label = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or "project"
    slug, number = label, 2
    while slug in taken:
        slug, number = f"{label}-{number}", number + 1
    return slug
