import multiprocessing
from pathlib import Path

import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.store.installation import installation_name

SPAWN = multiprocessing.get_context("spawn")


def test_the_name_stays(tmp_path: Path) -> None:
    name = installation_name(tmp_path)
    assert len(name) == 12
    assert installation_name(tmp_path) == name


def test_another_folder_has_another_name(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert installation_name(tmp_path) != installation_name(tmp_path / "other")


@pytest.mark.parametrize("content", [b"", b"../../etc", b"\xff\xfe", b"0123456789ABCDEF"])
def test_a_broken_file_gets_a_new_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "installation").write_bytes(content)
    name = installation_name(tmp_path)
    assert installation_name(tmp_path) == name
    assert name.encode() not in content


def test_copies_that_start_at_once_agree(tmp_path: Path) -> None:
    with SPAWN.Pool(4) as pool:
        assert len(set(pool.map(installation_name, [tmp_path] * 8))) == 1


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot be written"):
        installation_name(tmp_path / "gone")
