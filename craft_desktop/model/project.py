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
from craft_desktop.model.node_wish import read_wish
from craft_desktop.model.script import Framework, declared_port, flags_for, framework_of, serves_a_build, takes_port
from craft_desktop.model.unwatched import is_unwatched


class Provider(StrEnum):
    """Where a project runs."""

    LOCAL = "local"
    E2B = "e2b"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder on the list. `slug` names its address for good; times are Unix seconds.

    `port` is where the person says the page is served in the sandbox; None for where it is found. While `keep_awake`,
    it never goes to rest by itself. While `is_shared`, its page on E2B has a public address. `framework` is what it was
    when it was added or last started; None: not known yet.
    """

    id: str
    slug: str
    name: str
    path: Path
    added_at: float
    used_at: float
    provider: Provider | None = None
    unisolated: bool = False
    port: int | None = None
    keep_awake: bool = False
    is_shared: bool = False
    framework: Framework | None = None


def check_port(port: int | None) -> None:
    """Check a port that a person chose; None chooses none.

    :raises ProjectError: it is no port.
    """
    if port is not None and not 0 < port < 65536:
        raise _no_port(f"{port} is not between 1 and 65535.")


def read_port(text: str) -> int | None:
    """Give the port that a person wrote; None for an empty field.

    :raises ProjectError: it is no port.
    """
    written = text.strip()
    if not written:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", written):  # int() would take “+80”, “8_0” and other scripts' digits
        raise _no_port(f"“{written[:20]}” is not a whole number.")
    port = int(written)
    check_port(port)
    return port


def _no_port(detail: str) -> ProjectError:
    return ProjectError("That is not a port", detail, "Enter the number that the dev server prints.")


class PackageManager(StrEnum):
    """Who installs the dependencies."""

    NPM = "npm"
    PNPM = "pnpm"
    YARN = "yarn"
    BUN = "bun"


# Loopback: Next.js would listen on every interface of the machine (measured), and Next.js >= 16.2 accepts the
# hot-reload socket from `*.localhost` whatever the host flag.
LISTEN_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a project is installed and served. Commands are for `bash -c`.

    `install_dir` and `app_dir` are relative to the folder that is sent: both empty for a project by itself; in a
    monorepo the install runs at the top and the script in the app's own folder. `node_range` is what it wants of
    Node.js, as npm writes ranges, and `node_source` what says so; empty for anything. `before_dev` is run in
    `install_dir` before each start of the dev server; empty for nothing. Where `is_unwatched`, the script runs a
    program that shows no edit until it is started anew.
    """

    name: str
    framework: Framework
    package_manager: PackageManager
    lock_file: str | None
    install_command: str
    dev_script: str
    package_manager_version: str = ""
    script_name: str = "dev"
    install_dir: str = ""
    app_dir: str = ""
    node_range: str = ""
    node_source: str = ""
    before_dev: str = ""
    is_unwatched: bool = False

    @property
    def declared_port(self) -> int | None:
        """Give the port that the script itself names, if any."""
        return declared_port(self.dev_script)

    @property
    def takes_port(self) -> bool:
        """Does the dev server listen where the script or our flags tell it?"""
        return takes_port(self.framework, self.dev_script)

    def dev_command(self, port: int) -> str:
        """Give the command that serves on `port` of the sandbox's loopback address."""
        flags = self.flags(port)
        run = f"{runner(self.package_manager, self.package_manager_version)} run {self.script_name}"
        if not flags:
            return run
        # npm eats flags up to `--`; pnpm, yarn and bun pass on what follows the script's name.
        dashes = " --" if self.package_manager is PackageManager.NPM else ""
        return f"{run}{dashes} {shlex.join(flags)}"

    def flags(self, port: int) -> list[str]:
        """Give the dev server's flags for host and port, where they would arrive and are not set already."""
        return flags_for(self.framework, self.dev_script, port, LISTEN_HOST)


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

# A project without a `dev` script is run by the first of these that shows edits: create-react-app and Angular use
# `start`, Vue CLI `serve`, Gatsby `develop`.
SCRIPT_NAMES = ("dev", "start", "serve", "develop")


def runner(manager: PackageManager, version: str = "") -> str:
    """Give the command of a package manager; the ones a sandbox may lack come through npx.

    :param version: as `packageManager` declares it; empty for the newest. npm is the sandbox's own.
    """
    if manager is PackageManager.NPM:
        return "npm"
    if manager is PackageManager.YARN and version and version.partition(".")[0] not in ("0", "1"):
        # From version 2 on, Yarn is published under this name.
        return f"npx --yes --package=@yarnpkg/cli-dist@{version} yarn"
    return f"npx --yes {manager.value}@{version}" if version else f"npx --yes {manager.value}"


def install_command(manager: PackageManager, version: str = "") -> str:
    """Give the install command; npm's flag lets projects with loose peer ranges install as they do on E2B."""
    if manager is PackageManager.NPM:
        return "npm install --legacy-peer-deps --no-audit --no-fund"
    return f"{runner(manager, version)} install"


def read_recipe(
    manifest: str,
    names: Collection[str],
    lock_text: str = "",
    root: Mapping[str, Any] | None = None,
    version_files: Mapping[str, str] | None = None,
) -> Recipe:
    """Read how to run a project.

    :param manifest: the text of package.json.
    :param names: the names of the files beside it; in a monorepo, of those at its top.
    :param lock_text: the first lines of the lock file.
    :param root: the manifest at a monorepo's top.
    :param version_files: the texts of those that say which Node.js it wants, by name (`node_wish.VERSION_FILES`).
    :raises ProjectError: not JSON (with line and column), not an object, or no `dev` script.
    """
    data = parse_manifest(manifest)
    found = dev_script(data)
    if found is None:
        scripts = data.get("scripts")
        have = ", ".join(sorted(scripts)) if isinstance(scripts, dict) and scripts else "none"
        raise ProjectError(
            "The project has no “dev” script",
            f"package.json names these scripts: {have}.",
            'Add one to package.json, for example "dev": "next dev", and start again.',
            Action.OPEN_FOLDER,
        )
    script_name, script = found
    lock_file = next((name for name in LOCK_FILES if name in names), None)
    declared, version = declared_manager(data)
    if declared is None:
        declared, version = declared_manager(root or {})
    manager = declared or (LOCK_FILES[lock_file] if lock_file else PackageManager.NPM)
    version = version or manager_version(manager, lock_text)
    name = data.get("name")
    wish = read_wish(version_files or {}, data, root or {})
    framework = framework_of(packages_of(data), script, data["scripts"])
    return Recipe(
        name=name if isinstance(name, str) and name else "",
        framework=framework,
        package_manager=manager,
        lock_file=lock_file,
        install_command=install_command(manager, version),
        dev_script=script,
        package_manager_version=version,
        script_name=script_name,
        node_range=wish.range,
        node_source=wish.source,
        is_unwatched=framework is Framework.OTHER and is_unwatched(script, data["scripts"]),
    )


def dev_script(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give the name and the text of the script that serves the project while it is worked on, if there is one."""
    scripts = data.get("scripts")
    if not isinstance(scripts, dict):
        return None
    for name in SCRIPT_NAMES:
        script = scripts.get(name)
        if isinstance(script, str) and script.strip() and (name == "dev" or not serves_a_build(script)):
            return name, script
    return None


def manager_version(manager: PackageManager, lock_text: str) -> str:
    """Give the version of a package manager that reads a lock file; nothing for the newest.

    Lock files say their own version: pnpm's in its first line (5 to pnpm 7, 6 to pnpm 8, 9 to pnpm 9 and 10), yarn's
    by `__metadata`, which Yarn 1 never wrote.

    :param lock_text: the first lines of the lock file.
    """
    if manager is PackageManager.PNPM:
        found = re.search(r"^lockfileVersion:\s*'?(\d+)", lock_text, re.MULTILINE)
        return {"5": "7", "6": "8", "9": "10"}.get(found[1] if found else "", "")
    if manager is PackageManager.YARN:
        # Never nothing: the newest `yarn` on the registry is a 2, which nobody uses.
        return "4" if "__metadata:" in lock_text else "1"
    return ""


def packages_of(data: Mapping[str, Any]) -> set[str]:
    """Give the names of all dependencies in a manifest."""
    packages: set[str] = set()
    for key in ("dependencies", "devDependencies"):
        section = data.get(key)
        if isinstance(section, dict):
            packages.update(section)
    return packages


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


def declared_manager(data: Mapping[str, Any]) -> tuple[PackageManager | None, str]:
    """Give what a manifest's `packageManager` says: who, and the version or nothing."""
    # "pnpm@9.1.0+sha256.…" (Node.js, Corepack), and what people write beside that: "pnpm@9", "pnpm@latest". What is not
    # a plain version could be words for the shell; the name alone is taken then.
    declared = data.get("packageManager")
    name, _, version = declared.partition("@") if isinstance(declared, str) else ("", "", "")
    if name not in {manager.value for manager in PackageManager}:
        return None, ""
    found = re.fullmatch(r"(\d+(?:\.\d+(?:\.\d+[0-9A-Za-z.-]*)?)?)(?:\+.*)?", version)
    return PackageManager(name), found[1] if found else ""


def make_slug(name: str, taken: Collection[str]) -> str:
    """Make a DNS label (RFC 1123: letters, digits and hyphens, at most 63) not in `taken`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    label = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or "project"
    slug, number = label, 2
    while slug in taken:
        slug, number = f"{label}-{number}", number + 1
    return slug
