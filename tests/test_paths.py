import dataclasses
import stat
from pathlib import Path

import pytest

from craft_desktop.paths import APP, Paths, find_paths


def folders(paths: Paths) -> dict[str, Path]:
    return {field.name: getattr(paths, field.name) for field in dataclasses.fields(paths)}


def test_a_home_of_its_own_holds_everything_but_the_resources(tmp_path: Path) -> None:
    paths = find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path)})
    own = {name: folder for name, folder in folders(paths).items() if name != "resources"}
    assert all(folder.parent == tmp_path for folder in own.values())
    assert len(set(own.values())) == len(own)
    assert list(tmp_path.iterdir()) == []


def test_two_homes_never_meet(tmp_path: Path) -> None:
    first, second = (find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / name)}) for name in ("a", "b"))
    own = [{*folders(paths).values()} - {paths.resources} for paths in (first, second)]
    assert own[0].isdisjoint(own[1])


def test_a_relative_home_counts_from_where_the_program_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_paths({"CRAFT_DESKTOP_HOME": "here"}).state == tmp_path / "here" / "state"


def test_a_tilde_is_the_persons_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_paths({"CRAFT_DESKTOP_HOME": "~/craft"}).logs == tmp_path / "craft" / "logs"


@pytest.mark.parametrize("environment", [{}, {"CRAFT_DESKTOP_HOME": ""}])
def test_without_a_home_the_systems_own_places_serve(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    paths = find_paths(environment)
    assert paths.settings == tmp_path / "XDG_CONFIG_HOME" / APP
    assert paths.state == tmp_path / "XDG_STATE_HOME" / APP
    assert paths.cache == tmp_path / "XDG_CACHE_HOME" / APP
    assert paths.logs.is_relative_to(paths.state)
    assert paths.settings != paths.state
    assert paths.autostart == tmp_path / "XDG_CONFIG_HOME" / "autostart"


def test_prepared_folders_are_their_owners_alone(tmp_path: Path) -> None:
    paths = find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "deep" / "home")})
    paths.prepare()
    paths.prepare()
    for folder in (paths.settings, paths.state, paths.cache, paths.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not paths.documents.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "file")}).prepare()


def test_the_resources_lie_beside_the_package() -> None:
    assert (find_paths({}).resources / "icons").is_dir()
