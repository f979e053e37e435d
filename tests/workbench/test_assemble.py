"""Everything is built once, and told plainly where it cannot be."""

from pathlib import Path

import pytest

from craft_desktop.model.errors import SettingError
from craft_desktop.paths import Paths, find_paths
from craft_desktop.workbench.assemble import open_workbench


async def test_two_workbenches_do_not_meet(paths: Paths, tmp_path: Path) -> None:
    other = find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "other")})
    async with open_workbench(paths) as one, open_workbench(other) as two:
        sample = await one.add_sample()
        assert two.projects == ()
        other_sample = await two.add_sample()
        assert sample.path != other_sample.path
        assert one.address(sample.id) != two.address(other_sample.id)


async def test_folders_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError) as caught:
        async with open_workbench(find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "file" / "home")})):
            pass
    assert "CRAFT_DESKTOP_HOME" in caught.value.problem.remedy
