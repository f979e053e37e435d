"""The laws of architecture.md and style.md, read off the sources: nothing is imported, every rule is shown to bite."""

import ast
import graphlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "craft_desktop"

# What stands on a floor, and what it may import besides its own package. Ground: paths, tasks, logs.
GROUND = frozenset({"paths", "tasks", "logs"})
BELOW: Mapping[str, frozenset[str]] = {
    "paths": frozenset(),
    "tasks": frozenset(),
    "logs": frozenset(),
    "model": frozenset(),
    "store": GROUND | {"model"},
    "sync": GROUND | {"model"},
    "sandbox": GROUND | {"model"},
    "preview": GROUND | {"model"},
    "host": frozenset({"tasks"}),
    "workbench": GROUND | {"model", "store", "sync", "sandbox", "preview"},
    "control": GROUND | {"model", "store", "sync", "sandbox", "preview", "workbench"},
    "ui": GROUND | {"model", "store", "sync", "sandbox", "preview", "workbench", "control"},
    "__main__": GROUND | {"control"},
}
# The ready line is all that the host's parent shares with it.
NEIGHBOURS = frozenset({("sandbox.local_host", "host.handshake")})

# Libraries that one place alone may open.
DOORS: Mapping[str, tuple[str, ...]] = {
    "e2b": ("sandbox.client",),  # loaded late; `connection`, `template` and `faults` ask it
    "keyring": ("store.secrets",),
    "watchdog": ("sync.watch",),
    "sqlite3": ("store.database",),
    "PySide6": ("ui.",),
    "qasync": ("ui.",),
}
# The daemon answers with the server stubs that the e2b package ships; they are no client.
STUBS = ("e2b.envd.",)

# Modules of the standard library by which a value would touch the world. Time and chance come in as parameters.
WORLD = (
    "asyncio concurrent ctypes fcntl fileinput glob http io logging mmap multiprocessing os random secrets select "
    "selectors shutil signal socket socketserver sqlite3 ssl subprocess sys tempfile termios threading time"
)
# Methods of pathlib.Path that touch the disk; as a value a Path is welcome on floor 1.
TOUCHES = (
    "absolute chmod cwd exists expanduser glob hardlink_to home is_dir is_file is_mount is_symlink iterdir lstat mkdir "
    "open read_bytes read_text readlink rename resolve rglob rmdir samefile stat symlink_to touch unlink write_bytes "
    "write_text"
)

LONGEST_MODULE = 400
# Words that say nothing of what a thing is.
EMPTY_WORDS = ("Manager", "Helper", "Util", "Utils", "Handler", "Data")
# What the world outside calls by such a word keeps its name.
NAMES_OF_THE_WORLD = frozenset({"PackageManager"})
TOP_LEVEL = frozenset({"pyproject.toml", "README.md", "craft_desktop", "resources", "tests", "packaging", "main.py"})

# A package's first file holds one sentence; `__main__` is a door of a few lines, driven by tests/end2end.
WITHOUT_TEST = frozenset({"__init__", "__main__"})
# Five doors load a package late: `__main__`, so that the command line starts without Qt and where Qt cannot start;
# `ui.app`, so that its guard looks at the pair of PySide6 and Python before any part of Qt is loaded;
# `ui.web_door`, `sandbox.client` and `store.secrets`, so that the window is there before the web engine, the e2b client
# and the keyring.
LATE = frozenset({"__main__", "ui.app", "ui.web_door", "sandbox.client", "store.secrets"})
# The one place where a task may begin.
TASK_DOOR = frozenset({"tasks"})


@dataclass(frozen=True)
class Module:
    """One source file; `name` without the package's name, dots for slashes."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parse(self.text)

    @property
    def floor(self) -> str:
        return self.name.partition(".")[0]


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def package() -> tuple[Module, ...]:
    folder = ROOT / PACKAGE
    return tuple(
        Module(".".join(path.relative_to(folder).with_suffix("").parts), path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
    )


def sample(name: str, text: str) -> tuple[Module, ...]:
    return (Module(name, text),)


def imports(module: Module) -> Iterator[str]:
    """Give every dotted name that a module imports; `from a import b` is told as `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def inner(module: Module) -> Iterator[str]:
    """Give what a module imports of this package, without the package's name."""
    for name in imports(module):
        head, _, rest = name.partition(".")
        if head == PACKAGE and rest:
            yield rest


# The rules: each takes modules and gives its findings, one line each.


def wrong_floors(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.name} imports {name}"
        for module in modules
        for name in inner(module)
        if name.partition(".")[0] not in BELOW.get(module.floor, frozenset()) | {module.floor}
        and not any(module.name == user and name.startswith(f"{shared}.") for user, shared in NEIGHBOURS)
    ]


def unknown_floors(modules: Sequence[Module]) -> list[str]:
    return [module.name for module in modules if module.floor not in {*BELOW, "__init__"}]


def worldly_models(modules: Sequence[Module]) -> list[str]:
    found = []
    for module in modules:
        if module.floor != "model":
            continue
        for name in imports(module):
            head = name.partition(".")[0]
            if (
                head in WORLD.split()
                or head not in {*sys.stdlib_module_names, PACKAGE}
                or name.startswith("urllib.request")
            ):
                found.append(f"{module.name} imports {name}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in TOUCHES.split():
                found.append(f"{module.name}:{node.lineno} uses .{node.attr}")
            if isinstance(node, ast.Name) and node.id == "open":
                found.append(f"{module.name}:{node.lineno} uses open")
    return found


def foreign_grounds(modules: Sequence[Module]) -> list[str]:
    """Find third-party imports of `tasks`, which the host shares."""
    return [
        f"{module.name} imports {name}"
        for module in modules
        if module.name == "tasks"
        for name in imports(module)
        if name.partition(".")[0] not in sys.stdlib_module_names
    ]


def opened_doors(modules: Sequence[Module]) -> list[str]:
    found = []
    for module in modules:
        for name in imports(module):
            places = DOORS.get(name.partition(".")[0])
            if places is None or any(module.name == place or _is_in(module.name, place) for place in places):
                continue
            if module.floor == "host" and name.startswith(STUBS):
                continue
            found.append(f"{module.name} imports {name}")
    return found


def _is_in(name: str, place: str) -> bool:
    return place.endswith(".") and name.startswith(place)


def presenting_with_qt(modules: Sequence[Module]) -> list[str]:
    """Find Qt in the module that computes what a screen says."""
    return [
        f"{module.name} imports {name}"
        for module in modules
        if module.name == "ui.present"
        for name in imports(module)
        if name.partition(".")[0] in ("PySide6", "qasync")
    ]


def circles(modules: Sequence[Module]) -> list[str]:
    names = {module.name for module in modules}
    graph = {module.name: {_module_of(name, names) for name in inner(module)} & names for module in modules}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def _module_of(name: str, names: set[str]) -> str:
    return name if name in names else name.rpartition(".")[0]


def upward_types(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.name}:{node.lineno}"
        for module in modules
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Name) and node.id == "TYPE_CHECKING")
        or (isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING")
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "TYPE_CHECKING" for alias in node.names))
    ]


def late_imports(modules: Sequence[Module]) -> list[str]:
    """Find imports that are not at a module's own level; a choice by `sys.platform` there is at its level."""
    found = []
    for module in modules:
        chosen = [node for node in module.tree.body if isinstance(node, ast.If) and "sys.platform" in ast.unparse(node)]
        early = {*module.tree.body, *(inside for node in chosen for inside in [*node.body, *node.orelse])}
        for node in ast.walk(module.tree):
            is_late = isinstance(node, ast.Import | ast.ImportFrom) and node not in early
            is_call = _is_called(node, "import_module", "__import__") and module.name not in LATE
            if is_late or is_call:
                found.append(f"{module.name}:{getattr(node, 'lineno', 0)}")
    return found


def relative_imports(modules: Sequence[Module]) -> list[str]:
    return [f"{module.name} imports {name}" for module in modules for name in imports(module) if name.startswith(".")]


def unowned_tasks(modules: Sequence[Module]) -> list[str]:
    """Find tasks that the module or a loop starts; those of an asyncio.TaskGroup have an owner and an end."""
    banned = ("create_task", "ensure_future", "run_coroutine_threadsafe")
    return [
        f"{module.name}:{node.lineno}"
        for module in modules
        if module.name not in TASK_DOOR
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in banned and _is_loop(ast.unparse(node.value)))
        or (isinstance(node, ast.Name | ast.alias) and getattr(node, "id", getattr(node, "name", "")) in banned)
    ]


def _is_loop(text: str) -> bool:
    return text == "asyncio" or text.removesuffix("()").endswith("loop")


def _is_called(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and _is_named(node.func, *names)


def _is_named(node: ast.AST, *names: str) -> bool:
    return (isinstance(node, ast.Name) and node.id in names) or (isinstance(node, ast.Attribute) and node.attr in names)


def speaking_inits(modules: Sequence[Module]) -> list[str]:
    return [
        module.name
        for module in modules
        if module.name.rpartition(".")[2] == "__init__"
        and not (len(module.tree.body) == 1 and ast.get_docstring(module.tree))
    ]


def long_modules(modules: Sequence[Module]) -> list[str]:
    counts = {module.name: len(module.text.splitlines()) for module in modules}
    return [f"{name}: {count} lines" for name, count in counts.items() if count > LONGEST_MODULE]


def empty_names(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.name}.{node.name}"
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(EMPTY_WORDS) and node.name not in NAMES_OF_THE_WORLD
    ]


def untested(modules: Sequence[Module], has_test: Callable[[str], bool]) -> list[str]:
    found = []
    for module in modules:
        *folders, last = module.name.split(".")
        path = "/".join(["tests", *folders, f"test_{last}.py"])
        if last not in WITHOUT_TEST and not has_test(path):
            found.append(path)
    return found


def strangers(paths: Sequence[str]) -> list[str]:
    tops = {path.partition("/")[0] for path in paths}
    return sorted(top for top in tops if top not in TOP_LEVEL and not top.startswith("."))


RULES: Mapping[Callable[[Sequence[Module]], list[str]], tuple[tuple[Module, ...], ...]] = {
    wrong_floors: (
        sample("model.bad", "from craft_desktop.store import atomic"),
        sample("model.bad", "import craft_desktop.paths"),
        sample("store.bad", "from craft_desktop.sandbox.profile import Profile"),
        sample("sync.bad", "from craft_desktop.workbench.runner import Runner"),
        sample("sandbox.bad", "from craft_desktop.host.handshake import Ready"),
        sample("sandbox.local_host", "from craft_desktop.host.server import serve"),
        sample("host.envd.bad", "from craft_desktop.model.errors import CraftError"),
        sample("workbench.bad", "from craft_desktop.control.cli import run"),
        sample("control.bad", "def run():\n    from craft_desktop.ui import app"),
        sample("__main__", "from craft_desktop.ui import app"),
    ),
    unknown_floors: (sample("cellar.wine", ""),),
    worldly_models: (
        sample("model.bad", "import os"),
        sample("model.bad", "from asyncio import sleep"),
        sample("model.bad", "import aiohttp"),
        sample("model.bad", "import urllib.request"),
        sample("model.bad", "from pathlib import Path\nPath('a').read_text()"),
        sample("model.bad", "open('a')"),
    ),
    foreign_grounds: (sample("tasks", "import aiohttp"), sample("tasks", "import craft_desktop.paths")),
    opened_doors: (
        sample("sandbox.launch", "from e2b import AsyncSandbox"),
        sample("sandbox.launch", "from e2b.envd.process import process_connect"),
        sample("host.control", "from e2b import AsyncSandbox"),
        sample("workbench.bad", "import keyring.errors"),
        sample("sync.bad", "from watchdog.observers import Observer"),
        sample("store.atomic", "import sqlite3"),
        sample("control.bad", "from PySide6.QtCore import QObject"),
        sample("uiless.bad", "import qasync"),
    ),
    presenting_with_qt: (sample("ui.present", "from PySide6.QtGui import QColor"),),
    circles: (
        (
            Module("store.a", "from craft_desktop.store.b import x"),
            Module("store.b", "from craft_desktop.store import c"),
            Module("store.c", "import craft_desktop.store.a"),
        ),
    ),
    upward_types: (
        sample("model.bad", "from typing import TYPE_CHECKING"),
        sample("model.bad", "import typing\nif typing.TYPE_CHECKING:\n    pass"),
    ),
    late_imports: (
        sample("store.bad", "def read():\n    import json"),
        sample("store.bad", "try:\n    import orjson\nexcept ImportError:\n    pass"),
        sample("ui.bad", "import importlib\nimportlib.import_module('a')"),
        sample("__main__", "def main():\n    import craft_desktop.ui.app"),
    ),
    relative_imports: (sample("store.bad", "from . import atomic"), sample("store.bad", "from .atomic import locked")),
    unowned_tasks: (
        sample("ui.bad", "import asyncio\nasyncio.create_task(f())"),
        sample("ui.bad", "from asyncio import ensure_future"),
        sample("ui.bad", "self._loop.create_task(f())"),
        sample("ui.bad", "asyncio.get_running_loop().create_task(f())"),
    ),
    speaking_inits: (
        sample("__init__", ""),
        sample("model.__init__", '"""Values."""\nfrom craft_desktop.model.errors import CraftError'),
    ),
    long_modules: (sample("model.bad", "x = 1\n" * (LONGEST_MODULE + 1)),),
    empty_names: (sample("ui.bad", "class WindowManager: ..."),),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Callable[[Sequence[Module]], list[str]]) -> None:
    assert rule(package()) == []


@pytest.mark.parametrize(
    ("rule", "bad"),
    [(rule, bad) for rule, samples in RULES.items() for bad in samples],
    ids=lambda part: getattr(part, "__name__", "sample"),
)
def test_the_rule_finds_a_fault(rule: Callable[[Sequence[Module]], list[str]], bad: Sequence[Module]) -> None:
    assert rule(bad)


def test_the_allowed_is_not_found_faulty() -> None:
    good = (
        Module("sandbox.local_host", "from craft_desktop.host.handshake import Ready\nimport asyncio"),
        Module("sandbox.client", "import importlib\nimportlib.import_module('e2b')"),
        Module("host.envd.server", "from e2b.envd.process import process_connect\nimport craft_desktop.tasks"),
        Module(
            "model.good", '"""Text."""\nfrom pathlib import Path\nfrom urllib.parse import urlsplit\nPath("a").name'
        ),
        Module("ui.app", "import PySide6\nfrom craft_desktop.model import good"),
        Module("store.__init__", '"""What stays."""'),
        Module("__main__", "import importlib\nimportlib.import_module('craft_desktop.ui.app')"),
        Module("sync.watch", "import sys\nif sys.platform == 'linux':\n    from watchdog.observers import Observer"),
        Module("workbench.runner", "async with asyncio.TaskGroup() as group:\n    group.create_task(work)"),
        Module("tasks", "import asyncio\nasyncio.get_running_loop().create_task(work)"),
    )
    assert {rule.__name__: rule(good) for rule in RULES if rule(good)} == {}


def test_the_package_was_read_whole() -> None:
    names = {module.name for module in package()}
    assert {"__main__", "tasks", "model.session", "store.__init__", "host.envd.__main__"} <= names


def test_every_module_has_its_test() -> None:
    assert untested(package(), lambda path: (ROOT / path).is_file()) == []


def test_a_module_without_a_test_is_found() -> None:
    modules = [*sample("paths", ""), *sample("host.envd.files", ""), *sample("ui.__init__", "")]
    assert untested(modules, lambda _: False) == ["tests/test_paths.py", "tests/host/envd/test_files.py"]
    assert untested(modules, lambda path: path == "tests/test_paths.py") == ["tests/host/envd/test_files.py"]


def test_the_top_level_holds_what_it_may() -> None:
    git = shutil.which("git")
    listed = (
        subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False) if git else None
    )
    if listed is None or listed.returncode != 0:
        pytest.skip("not a git checkout that can be read")
    assert strangers([path for path in listed.stdout.split("\0") if path]) == []


def test_a_stranger_on_the_top_level_is_found() -> None:
    assert strangers(["README.md", ".gitignore", ".ci/run", "setup.cfg", "docs/a.md", "tests/test_paths.py"]) == [
        "docs",
        "setup.cfg",
    ]
