import configparser
import re
from pathlib import Path

import pytest

from craft_desktop.model.errors import SettingError
from craft_desktop.store.autostart import NAME, Autostart, entry, own_command

ODD = ["/opt/my programs/craft", 'quo"te', "do$lar", "back`tick", "per%cent", "back\\slash", "a'b", "größe"]


def exec_words(text: str) -> list[str]:
    """Read Exec as the specification has it: escapes of a string first, then quotes, then field codes."""
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    line = parser["Desktop Entry"]["Exec"].replace("\\\\", "\\")
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in quoted]


def test_an_entry_is_read_as_it_was_meant() -> None:
    assert exec_words(entry(ODD)) == ODD


def test_it_is_switched_on_and_off(tmp_path: Path) -> None:
    autostart = Autostart(tmp_path / "autostart", ["/usr/bin/craft-desktop"], "linux")
    assert not autostart.is_on
    autostart.switch(False)
    autostart.switch(True)
    autostart.switch(True)
    assert autostart.is_on
    assert [file.name for file in (tmp_path / "autostart").iterdir()] == [NAME]
    autostart.switch(False)
    assert not autostart.is_on and list((tmp_path / "autostart").iterdir()) == []


@pytest.mark.parametrize("words", ["Hidden=true", "X-GNOME-Autostart-enabled=false", "hidden = True"])
def test_what_a_person_switched_off_elsewhere_is_off(tmp_path: Path, words: str) -> None:
    autostart = Autostart(tmp_path, ["/usr/bin/craft-desktop"], "linux")
    (tmp_path / NAME).write_text(f"[Desktop Entry]\n{words}\nExec=x\n")
    assert not autostart.is_on
    (tmp_path / NAME).write_bytes(b"\xff\xfe")
    assert autostart.is_on  # nobody switched it off; the desktop judges what it is worth


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for autostart in (
        Autostart(tmp_path / "file", ["/usr/bin/craft-desktop"], "linux"),
        Autostart(tmp_path, ["/opt/new\nline"], "linux"),
        Autostart(tmp_path, ["craft.exe"], "win32"),
    ):
        with pytest.raises(SettingError) as caught:
            autostart.switch(True)
        assert caught.value.problem.detail and caught.value.problem.remedy
    assert not (tmp_path / NAME).exists()


def test_the_command_is_the_one_it_was_started_by(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_command(["/opt/craft/main.py", "x"], "/opt/python") == ["/opt/python", "/opt/craft/main.py"]
    assert own_command(["/usr/bin/craft-desktop"], "/opt/python") == ["/usr/bin/craft-desktop"]
    module = own_command(["/opt/craft/craft_desktop/__main__.py"], "/opt/python")
    assert module == ["env", "PYTHONPATH=/opt/craft", "/opt/python", "-m", "craft_desktop"]
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert own_command(["x"], "/opt/craft/craft-desktop") == ["/opt/craft/craft-desktop"]
