import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from craft_desktop.control.endpoint import FOLDER, Endpoint, Kind, announced, find, new_token
from tests.conftest import REPOSITORY

ONE = Endpoint(os.getpid(), 4711, Kind.PREVIEW, 10.0, "token-one")
TWO = Endpoint(os.getpid(), 4712, Kind.WINDOW, 20.0, "token-two")

HOLDER = """
import sys, time
from pathlib import Path
from craft_desktop.control.endpoint import Endpoint, Kind, announced
import os
with announced(Path(sys.argv[1]), Endpoint(os.getpid(), 1, Kind.PREVIEW, 1.0, "theirs")):
    print("there", flush=True)
    sys.stdin.read()
"""


def test_what_runs_is_found_windows_first_and_gone_at_its_end(tmp_path: Path) -> None:
    assert find(tmp_path) == []
    with announced(tmp_path, ONE) as path, announced(tmp_path, TWO):
        assert find(tmp_path) == [TWO, ONE]
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert find(tmp_path) == [] and list((tmp_path / FOLDER).iterdir()) == []


def test_a_token_is_long_new_and_not_shown() -> None:
    assert len(new_token()) >= 43 and new_token() != new_token()
    assert "token-one" not in repr(ONE)


def test_one_that_was_killed_is_stale_whoever_has_its_pid(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "there\n"
        [found] = find(tmp_path)
        assert (found.pid, found.token) == (holder.pid, "theirs")
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        [left] = (tmp_path / FOLDER).glob("*.json")
        left.write_text(left.read_text().replace(str(holder.pid), str(os.getpid())))  # a pid that lives
        assert find(tmp_path) == [] and not left.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1}', "\0", '{"pid": "x"}', "{" * 5000])
def test_a_file_of_another_version_is_passed_over_while_its_program_runs(tmp_path: Path, text: str) -> None:
    with announced(tmp_path, ONE) as path:
        path.write_text(text)
        assert find(tmp_path) == []
        assert path.exists()


def test_a_link_laid_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / "elsewhere").write_text("keep")
    (tmp_path / FOLDER / "1-a.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        find(tmp_path)
    assert (tmp_path / "elsewhere").read_text() == "keep"
