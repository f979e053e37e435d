"""Says in plain lines what the packages in this environment lack; `--libraries` asks for shared libraries too.

Runs on the standard library alone, for it must speak where nothing else can. What the machine offers to projects
(Node.js, jail, keyring, ports) is told by `craft-desktop doctor`.
"""

import argparse
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)  # requires-python in pyproject.toml

# PySide6 releases that lose a reference to None with every void call before Python 3.12, where None became
# immortal: the program aborts after some 7,000 calls (measured on 3.11.2 and 3.11.7; 6.11.3 is clean).
LEAKS_BEFORE_312 = ("6.12.0",)

# What the page and the window load, below PySide6/Qt: the engine itself, and the plugin that opens X11.
LOADED = ("lib/libQt6WebEngineCore.so.6", "plugins/platforms/libqxcb.so")


def check_python(python: tuple[int, ...]) -> list[str]:
    """Say what is wrong with a Python of this version."""
    if python[:2] >= OLDEST_PYTHON:
        return []
    return [f"Python {_dotted(python)} is too old. Use 3.11 or newer: delete .venv and run packaging/run.sh."]


def check_pyside(pyside: str | None, python: tuple[int, ...]) -> list[str]:
    """Say what is wrong with this PySide6 (None: not installed) on this Python."""
    if pyside is None:
        return ["PySide6 is not installed. Run packaging/run.sh, or: pip install -e ."]
    if pyside in LEAKS_BEFORE_312 and python < (3, 12):
        return [
            f"PySide6 {pyside} aborts on Python {_dotted(python)} after some thousand calls. "
            "Run: pip install PySide6==6.11.3 (or use Python 3.12 or newer)."
        ]
    return []


def find_unresolved(ldd_output: str) -> list[str]:
    """Name the libraries that `ldd` did not find, in its order."""
    return re.findall(r"^\s*(\S+) => not found$", ldd_output, flags=re.MULTILINE)


def check_libraries(qt: Path) -> list[str]:
    """Say which shared libraries are missing below what Qt loads; nothing where no `ldd` can tell.

    :param qt: the folder of Qt inside the PySide6 package
    """
    if shutil.which("ldd") is None:
        return []
    missing: dict[str, str] = {}
    for relpath in LOADED:
        ldd = subprocess.run(["ldd", qt / relpath], capture_output=True, text=True, check=False)
        if ldd.returncode != 0:
            return [f"ldd cannot read {qt / relpath}: {ldd.stderr.strip() or ldd.stdout.strip()}"]
        for name in find_unresolved(ldd.stdout):
            missing.setdefault(name, Path(relpath).name)
    return [
        f"The shared library {name} is missing (for {user}). Install the package of this system that holds it."
        for name, user in missing.items()
    ]


def main(arguments: list[str]) -> int:
    """Print every problem, a line each; return 1 if there is one."""
    parser = argparse.ArgumentParser(description="Say what this environment lacks to run Craft Desktop.")
    parser.add_argument("--libraries", action="store_true", help="shared libraries too (Linux)")
    options = parser.parse_args(arguments)
    try:
        pyside: str | None = importlib.metadata.version("PySide6")
    except importlib.metadata.PackageNotFoundError:
        pyside = None
    problems = check_python(sys.version_info[:3]) + check_pyside(pyside, sys.version_info[:3])
    spec = importlib.util.find_spec("PySide6")
    if options.libraries and sys.platform == "linux" and spec is not None and spec.origin is not None:
        problems += check_libraries(Path(spec.origin).parent / "Qt")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
