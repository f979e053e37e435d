from pathlib import Path

import pytest

from craft_desktop.model.errors import ProjectError
from craft_desktop.workbench.sample import SAMPLE_NAME, copy_sample


async def test_a_copy_there_serves_and_an_unfinished_one_is_made_whole(tmp_path: Path) -> None:
    (tmp_path / "starter").mkdir()
    (tmp_path / "starter" / "package.json").write_text("{}")
    target = tmp_path / "documents" / SAMPLE_NAME
    (target / "app").mkdir(parents=True)
    assert await copy_sample(tmp_path, tmp_path / "documents") == target
    (target / "package.json").write_text("mine")
    assert await copy_sample(tmp_path, tmp_path / "documents") == target
    assert (target / "package.json").read_text() == "mine"


async def test_what_cannot_be_copied_is_told(tmp_path: Path) -> None:
    (tmp_path / "starter").mkdir()
    (tmp_path / "documents").write_text("a file")
    with pytest.raises(ProjectError, match="could not be copied"):
        await copy_sample(tmp_path, tmp_path / "documents")
