import json
import os
from pathlib import Path

import pytest

from craft_desktop.model.script import Framework
from craft_desktop.workbench.env_files import LIMIT_BYTES, read_env_files


def project(folder: Path, dev: str = "next dev", **dependencies: str) -> Path:
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"scripts": {"dev": dev}, "dependencies": dependencies}))
    return folder


def test_names_alone_are_read_in_the_framework_s_order(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", next="16")
    (folder / ".env").write_text("A=secret\nB=2 # note\n")
    (folder / ".env.local").write_text("A=other-secret\n")
    (folder / ".env.production").write_text("Z=1\n")
    found = read_env_files(folder)
    assert found.framework is Framework.NEXT
    assert [(file.name, set(file.names)) for file in found.files] == [(".env.local", {"A"}), (".env", {"A", "B"})]
    assert "secret" not in repr(found)


def test_a_broken_or_missing_folder_sets_nothing(tmp_path: Path) -> None:
    assert read_env_files(tmp_path / "gone").files == ()
    folder = project(tmp_path / "p")
    (folder / "package.json").write_text("{")
    (folder / ".env").write_text("A=1")
    assert [file.name for file in read_env_files(folder).files] == [".env"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.timeout(20)
def test_what_is_no_file_holds_nobody_up(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", next="16")
    os.mkfifo(folder / ".env")
    (folder / ".env.local").mkdir()
    (folder / ".env.development").symlink_to("/dev/zero")
    (folder / ".env.development.local").write_bytes(b"A=\xff\xfe\n" + b"B=" + b"x" * 2 * LIMIT_BYTES)
    (file,) = read_env_files(folder).files
    assert file.name == ".env.development.local" and file.names == {"A", "B"}
