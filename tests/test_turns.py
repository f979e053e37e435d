import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.turns import ALONE, ON_SCREEN, place_of, turn_of

# Says which process ran it, and from when to when.
NOTING = """
import os, pathlib, time
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    began = time.monotonic()
    time.sleep({each_s})
    with open({notes!r}, "a") as file:
        file.write(f"{{pathlib.Path(__file__).as_posix()}} {{os.getpid()}} {{began}} {{time.monotonic()}}\\n")
    assert number != {failing}
"""


def write(folder: Path, relpath: str, tests: int = 3, each_s: float = 0.02, failing: int = -1) -> None:
    """Write a test file; `each_s` lets two files overlap if they may."""
    path = folder / relpath
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(NOTING.format(tests=tests, each_s=each_s, failing=failing, notes=str(folder / "notes")))


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    shared = ["-p", "tests.turns", "-n", "2", "--dist", "loadfile"]  # as packaging/test.sh does
    command = [sys.executable, "-m", "pytest", *shared, "-p", "no:cacheprovider", "--import-mode=importlib", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_screen_is_for_one_and_who_measures_is_alone(tmp_path: Path) -> None:
    screens = [f"{ON_SCREEN}test_{name}.py" for name in "abc"]
    others = [f"tests/model/test_{name}.py" for name in "abcd"]
    for relpath in (*screens, *others, *ALONE):
        write(tmp_path, relpath)
    told = run(tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    ran: dict[str, list[tuple[str, float, float]]] = {}
    for line in (tmp_path / "notes").read_text().splitlines():
        path, process, began, ended = line.split()
        ran.setdefault(Path(path).relative_to(tmp_path).as_posix(), []).append((process, float(began), float(ended)))
    assert {relpath: len(notes) for relpath, notes in ran.items()} == dict.fromkeys((*screens, *others, *ALONE), 3)
    assert all(len({process for process, _, _ in notes}) == 1 for notes in ran.values())
    assert len({process for notes in ran.values() for process, _, _ in notes}) == 2
    assert len({process for relpath in screens for process, _, _ in ran[relpath]}) == 1
    shared_until = max(ended for relpath in (*screens, *others) for _, _, ended in ran[relpath])
    assert min(began for relpath in ALONE for _, began, _ in ran[relpath]) >= shared_until
    assert len({process for relpath in ALONE for process, _, _ in ran[relpath]}) == 1


def test_it_ends_in_pytests_words_and_code(tmp_path: Path) -> None:
    write(tmp_path, "tests/model/test_a.py", failing=1)
    write(tmp_path, ALONE[0])
    told = run(tmp_path)
    assert told.returncode == 1
    assert "FAILED tests/model/test_a.py::test_it[1]" in told.stdout
    assert "1 failed, 5 passed" in told.stdout.splitlines()[-1]


def test_the_long_ones_come_first() -> None:
    told = [f"{ON_SCREEN}test_a.py", "tests/faults/test_start.py", "tests/ui/test_a.py", ALONE[0]]
    assert sorted((f"{path}::test_it" for path in reversed(told)), key=place_of) == [
        f"{path}::test_it" for path in told
    ]
    assert turn_of("tests/ui/test_a.py::TestIt::test_it") == "tests/ui/test_a.py"


def test_who_is_alone_is_there() -> None:
    assert all((REPOSITORY / path).is_file() for path in ALONE)
