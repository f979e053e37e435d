import json
from pathlib import Path

import pytest

from craft_desktop.tasks import Owner
from craft_desktop.workbench.memory import Memory


async def test_what_ran_is_recalled_and_the_end_is_not_noted(tmp_path: Path) -> None:
    async with Owner("test") as owner:
        memory = Memory(tmp_path, owner)
        memory.note(["early"])
        assert await memory.recall() == ()
        memory.note(["a"])
        memory.note(["b", "a"])
        await memory.aclose()
        memory.note([])
        assert await Memory(tmp_path, owner).recall() == ("a", "b")


async def test_who_never_recalls_writes_nothing(tmp_path: Path) -> None:
    async with Owner("test") as owner:
        memory = Memory(tmp_path, owner)
        memory.note(["a"])
        await memory.aclose()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "{}", "[1, null]", "3"])
async def test_what_somebody_else_wrote_harms_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "last-running.json").write_text(text)
    async with Owner("test") as owner:
        assert set(await Memory(tmp_path, owner).recall()) <= {"1", "None"}


async def test_a_folder_that_cannot_be_written_is_worth_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Owner("test") as owner:
        memory = Memory(tmp_path, owner)
        await memory.recall()
        (tmp_path / "last-running.json").mkdir()
        memory.note(["a"])
        await memory.aclose()
        assert "was not noted" in caplog.text
        again = Memory(tmp_path, owner)
        assert await again.recall() == ()
        assert json.dumps([]) == "[]"
    caplog.clear()
