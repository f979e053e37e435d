import json
import os
import secrets
import stat
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from craft_desktop.host import snapshots as module
from craft_desktop.host.snapshots import Hold, Snapshot, Snapshots, new_snapshot_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def taken(store: Snapshots, *beneath: str, name: str = "", tag: str = "default", minutes: int = 0) -> Snapshot:
    template_id = new_snapshot_id(secrets.randbelow)
    with store.prepare(template_id):
        (store.folder / template_id / "home").mkdir()
        now = NOW + timedelta(minutes=minutes)
        snapshot = Snapshot(template_id, "i0", now, (template_id, *beneath), name, tag)
        store.enter(snapshot)
    return snapshot


def test_snapshots_are_found_by_whoever_looks(tmp_path: Path) -> None:
    store = Snapshots(tmp_path)
    assert store.all() == [] and not store.folder.exists()
    one, two = taken(store), taken(store, name="app", minutes=1)
    other = Snapshots(tmp_path)
    assert other.all() == [two, one]
    for reference in (two.template_id, f"{two.template_id}:default", "app", "app:default", "local/app:default"):
        assert other.find(reference) == two
    for reference in ("app:v2", "ap", "", "local/", one.template_id + ":v2", "../" + one.template_id):
        assert other.find(reference) is None
    other.delete(one)
    assert store.all() == [two]
    store.delete(two)
    assert list(tmp_path.iterdir()) == []


def test_a_name_means_the_newest(tmp_path: Path) -> None:
    store = Snapshots(tmp_path)
    taken(store, name="app")
    tagged = taken(store, name="app", tag="v1", minutes=1)
    new = taken(store, name="app", minutes=2)
    assert store.all() == [new, tagged]
    assert store.find("app") == new and store.find("app:v1") == tagged


def test_files_stay_while_somebody_stands_upon_them(tmp_path: Path) -> None:
    store, other = Snapshots(tmp_path), Snapshots(tmp_path)
    below = taken(store)
    above = taken(store, below.template_id, minutes=1)
    store.delete(below)
    assert (store.folder / below.template_id / "home").is_dir()  # the one above needs it
    with store.hold(above.layers):
        other.delete(above)
        assert len(os.listdir(store.folder)) == 2  # noqa: PTH208
    store.sweep()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        store.hold(above.layers)


def test_a_sweep_waits_for_a_folder_to_get_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As other sandboxes' ends sweep all the time: of this host, or of another on the same folder."""
    store = Snapshots(tmp_path)
    real = store.hold
    sweeps: list[Future[Snapshots]] = []
    with ThreadPoolExecutor() as pool:

        def hold(layers: list[str]) -> Hold:
            sweeps.extend(pool.submit(Snapshots, tmp_path) for _ in range(3))
            assert not wait(sweeps, timeout=0.2).done
            return real(layers)

        monkeypatch.setattr(store, "hold", hold)
        with store.prepare("x" * 20):
            for each in sweeps:
                each.result(timeout=10)
            assert (store.folder / ("x" * 20) / "lock").exists()


def test_what_a_host_had_just_begun_when_it_was_killed_goes(tmp_path: Path) -> None:
    store = Snapshots(tmp_path)
    (store.folder / ("x" * 20)).mkdir(parents=True)  # not even its lock was made
    store.sweep()
    assert not store.folder.exists()


def test_what_was_never_finished_goes(tmp_path: Path) -> None:
    store = Snapshots(tmp_path)
    hold = store.prepare("x" * 20)
    Snapshots(tmp_path)
    assert (store.folder / ("x" * 20)).is_dir()
    hold.close()
    hold.close()
    Snapshots(tmp_path)
    assert not store.folder.exists()


def test_what_is_listed_during_a_sweep_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep had read the list when the snapshot was not on it yet, and comes to its folder when nobody holds it."""
    store = Snapshots(tmp_path)
    real = store.all
    one = taken(store)
    monkeypatch.setattr(store, "all", lambda: monkeypatch.setattr(store, "all", real) or [])
    store.sweep()
    assert store.all() == [one]
    with store.hold(one.layers):
        pass


def test_a_removal_that_was_cut_short_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host killed half-way: the lock may be the first thing to have gone."""
    store = Snapshots(tmp_path)
    one = taken(store)

    def cut_short(folder: Path) -> None:
        (folder / "lock").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "remove_tree", cut_short)
    with pytest.raises(KeyboardInterrupt):
        store.delete(one)
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError):
        store.hold(one.layers)
    assert store.all() == []
    Snapshots(tmp_path)
    assert not store.folder.exists()


def test_nobody_else_may_look_into_snapshots(tmp_path: Path) -> None:
    store = Snapshots(tmp_path)
    taken(store)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_a_listing_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    store = Snapshots(tmp_path)
    one, two = taken(store), taken(store)
    (store.folder / one.template_id / "snapshot.json").write_text("{")
    (store.folder / two.template_id / "snapshot.json").write_text(json.dumps({"template_id": "x"}))
    assert store.all() == []
