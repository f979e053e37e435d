import json
import multiprocessing
from pathlib import Path

import pytest

from craft_desktop.model.errors import SettingError
from craft_desktop.model.project import Provider
from craft_desktop.model.settings import OPTIONS, Settings
from craft_desktop.store.options import OptionStore

SPAWN = multiprocessing.get_context("spawn")
DEADLINE_S = 30.0


def change_often(folder: Path, key: str, low: int) -> None:
    store = OptionStore(folder)
    for value in range(low, low + 40):
        store.change(key, value)


def test_without_a_file_the_defaults_are_in_force_and_nothing_is_written(tmp_path: Path) -> None:
    assert OptionStore(tmp_path).settings == Settings()
    assert list(tmp_path.iterdir()) == []


def test_a_change_is_in_force_at_once_and_after_the_next_start(tmp_path: Path) -> None:
    store = OptionStore(tmp_path)
    assert store.change("provider", "e2b").provider is Provider.E2B
    assert store.change("ready_limit_s", " 300 ").ready_limit_s == 300
    assert OptionStore(tmp_path).settings == store.settings == Settings(provider=Provider.E2B, ready_limit_s=300)


def test_a_default_is_not_written(tmp_path: Path) -> None:
    store = OptionStore(tmp_path)
    store.change("theme", "dark")
    for option in OPTIONS:
        store.change(option.key, option.default)
    assert json.loads((tmp_path / "settings.json").read_text()) == {}
    assert store.settings == Settings()


@pytest.mark.parametrize(("key", "value"), [("preview_port", 80), ("colour", "blue"), ("e2b_api_url", "http://[")])
def test_a_refused_value_leaves_the_old_one(tmp_path: Path, key: str, value: object) -> None:
    store = OptionStore(tmp_path)
    store.change("preview_port", 5000)
    before = (tmp_path / "settings.json").read_bytes()
    with pytest.raises(SettingError):
        store.change(key, value)
    assert store.settings == Settings(preview_port=5000)
    assert (tmp_path / "settings.json").read_bytes() == before


def test_what_is_wrong_in_the_file_is_told_and_left_out_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = {"preview_port": 80, "theme": "dark", "colour": "blue", "provider": None}
    (tmp_path / "settings.json").write_text(json.dumps(kept))
    assert OptionStore(tmp_path).settings == Settings(theme="dark")
    assert "80 is out of bounds" in caplog.text
    assert "colour" in caplog.text


def test_what_a_newer_version_wrote_outlives_a_change(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"colour": {"accent": "blue"}, "theme": "dark"}')
    assert OptionStore(tmp_path).change("preview_port", 5000) == Settings(theme="dark", preview_port=5000)
    assert json.loads((tmp_path / "settings.json").read_text())["colour"] == {"accent": "blue"}


@pytest.mark.parametrize("content", ["{", "[1, 2]", '"dark"'])
def test_a_broken_file_is_set_aside_and_the_program_goes_on(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content)
    store = OptionStore(tmp_path)
    assert store.settings == Settings()
    assert store.change("theme", "dark").theme == "dark"
    (aside,) = tmp_path.glob("settings.json.broken-*")
    assert aside.read_text() == content


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    with pytest.raises(SettingError, match="could not be read"):
        OptionStore(tmp_path)


def test_a_folder_that_is_gone_is_told_and_the_old_value_stays(tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    store = OptionStore(folder)
    folder.rmdir()
    with pytest.raises(SettingError, match="could not be saved") as caught:
        store.change("theme", "dark")
    assert str(folder) in caught.value.problem.detail
    assert store.settings == Settings()


def test_two_copies_lose_none_of_each_others_changes(tmp_path: Path) -> None:
    children = [
        SPAWN.Process(target=change_often, args=(tmp_path, key, low))
        for key, low in (("install_limit_s", 200), ("preview_port", 5000))
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(DEADLINE_S)
    assert [child.exitcode for child in children] == [0, 0]
    assert OptionStore(tmp_path).settings == Settings(install_limit_s=239, preview_port=5039)


def test_a_change_by_another_copy_is_seen_with_the_next_change(tmp_path: Path) -> None:
    first, second = OptionStore(tmp_path), OptionStore(tmp_path)
    first.change("theme", "dark")
    assert second.settings.theme == "system"
    assert second.change("preview_port", 5000) == Settings(theme="dark", preview_port=5000)
