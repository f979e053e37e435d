"""The pair of Python and PySide6 that aborts is refused, and a missing library is named."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[2] / "packaging" / "check.py"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    # By its path: the name `packaging` belongs to a package that pytest itself brings.
    spec = importlib.util.spec_from_file_location("craft_packaging_check", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("pyside", "python", "said"),
    [
        ("6.12.0", (3, 11, 2), "Run: pip install PySide6==6.11.3"),
        ("6.12.0", (3, 12, 0), None),
        ("6.11.3", (3, 11, 2), None),
        (None, (3, 12, 0), "PySide6 is not installed"),
    ],
)
def test_the_broken_pair(check: ModuleType, pyside: str | None, python: tuple[int, ...], said: str | None) -> None:
    problems = check.check_pyside(pyside, python)
    assert len(problems) == (said is not None)
    assert said is None or said in problems[0]


def test_an_old_python(check: ModuleType) -> None:
    assert check.check_python((3, 11, 0)) == []
    assert "Python 3.10.4 is too old" in check.check_python((3, 10, 4))[0]


def test_each_missing_library_is_named_once(check: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ldd = tmp_path / "ldd"
    ldd.write_text("#!/bin/sh\nprintf '\\tlibnss3.so => not found\\n\\tlibc.so.6 => /lib/libc.so.6 (0x1)\\n'\n")
    ldd.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = check.check_libraries(tmp_path)
    assert problem.startswith("The shared library libnss3.so is missing (for libQt6WebEngineCore.so.6).")


def test_a_file_that_ldd_cannot_read_is_told(check: ModuleType, tmp_path: Path) -> None:
    (problem,) = check.check_libraries(tmp_path)
    assert problem.startswith("ldd cannot read")


def test_this_machine_lacks_nothing() -> None:
    result = subprocess.run([sys.executable, PATH, "--libraries"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
