import asyncio
import json
import threading
from pathlib import Path

import keyring.errors
import pytest

from craft_desktop.model.errors import Action, SecretError, VariableError
from craft_desktop.store.environment import EnvironmentStore
from craft_desktop.store.secrets import SERVICE, KeySource, SecretStore
from craft_desktop.tasks import Owner
from tests.store.keyrings import PlaintextKeyring, SystemKeyring, use

VALUE = "postgres://ada:secret@db/shop"


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> SystemKeyring:
    backend = SystemKeyring()
    use(monkeypatch, backend)
    return backend


def store_in(folder: Path) -> EnvironmentStore:
    return EnvironmentStore(folder, SecretStore({}))


def written(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.iterdir())


async def test_values_lie_in_the_keyring_and_names_beside_it(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert await store.change("p1", {"B": VALUE, "A": "1"}, ()) is KeySource.KEYRING
    assert system.kept == {(SERVICE, "environment-p1"): json.dumps({"A": "1", "B": VALUE}, separators=(",", ":"))}
    again = store_in(tmp_path)
    assert again.names("p1") == ("A", "B") and again.names("p2") == ()
    assert await again.values("p1") == {"A": "1", "B": VALUE}
    assert VALUE not in written(tmp_path)
    assert (tmp_path / "environment.json").stat().st_mode & 0o077 == 0


async def test_a_project_without_variables_never_asks_the_keyring(system: SystemKeyring, tmp_path: Path) -> None:
    system.failure = keyring.errors.KeyringLocked()
    store = store_in(tmp_path)
    assert await store.values("p1") == {}
    await store.forget("p1")
    assert system.threads == set()


async def test_the_last_one_dropped_leaves_nothing(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1"}, ())
    assert await store.change("p1", {}, ["A"]) is KeySource.NONE
    assert system.kept == {} and store.names("p1") == ()
    assert json.loads((tmp_path / "environment.json").read_text()) == {}


async def test_forgetting_one_project_keeps_the_others(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1"}, ())
    await store.change("p2", {"A": "2"}, ())
    await store.forget("p1")
    assert store.names("p1") == () and await store.values("p2") == {"A": "2"}
    assert list(system.kept) == [(SERVICE, "environment-p2")]


async def test_a_refused_change_changes_nothing(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1"}, ())
    with pytest.raises(VariableError):
        await store.change("p1", {"B": "2", "PORT": "3"}, ["A"])
    system.failure = keyring.errors.KeyringLocked()
    with pytest.raises(SecretError):
        await store.change("p1", {"B": "2"}, ())
    system.failure = None
    assert store.names("p1") == ("A",) and await store.values("p1") == {"A": "1"}


async def test_a_keyring_that_fails_at_the_write_leaves_the_names_as_they_were(
    system: SystemKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1"}, ())

    def refuse(*_: str) -> None:
        raise keyring.errors.PasswordSetError("no")

    monkeypatch.setattr(system, "set_password", refuse)
    with pytest.raises(SecretError):
        await store.change("p1", {"B": "2"}, ())
    assert store.names("p1") == ("A",)


async def test_lost_values_are_told_and_can_be_set_again(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1", "B": "2"}, ())
    system.kept.clear()
    with pytest.raises(SecretError, match="It had A, B") as caught:
        await store.values("p1")
    assert "Set them again" in caught.value.problem.remedy
    await store.change("p1", {"A": "3"}, ["B"])
    assert await store.values("p1") == {"A": "3"}


async def test_what_is_no_set_of_variables_counts_as_lost(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1"}, ())
    system.kept[SERVICE, "environment-p1"] = "[]"
    with pytest.raises(SecretError, match="not in the keyring"):
        await store.values("p1")


async def test_a_lost_entry_takes_no_name_along_that_is_not_set_again(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1", "B": "2", "C": "3"}, ())
    await store.change("p2", {"A": "other"}, ())
    del system.kept[SERVICE, "environment-p1"]
    assert await store.change("p1", {"B": "4"}, ()) is KeySource.KEYRING
    assert store.names("p1") == ("A", "B", "C")
    with pytest.raises(SecretError, match="It had A, C") as caught:
        await store.values("p1")
    assert caught.value.problem.action is Action.OPEN_ENVIRONMENT
    assert await store.found("p1") == ({"B": "4"}, ("A", "C"))
    await store.change("p1", {"A": "5"}, ["C"])
    assert await store.values("p1") == {"A": "5", "B": "4"} and await store.values("p2") == {"A": "other"}
    system.kept.clear()
    assert await store.change("p1", {}, ["B"]) is KeySource.KEYRING  # A is missed still
    assert store.names("p1") == ("A",)
    assert await store.change("p1", {}, ["A"]) is KeySource.NONE and store.names("p1") == ()


async def test_what_the_keyring_has_beyond_the_names_is_not_in_force(system: SystemKeyring, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1"}, ())
    system.kept[SERVICE, "environment-p1"] = json.dumps({"A": "1", "LATE": "2"})
    assert await store.values("p1") == {"A": "1"}


async def test_a_change_called_off_while_the_keyring_asks_changes_no_name(
    system: SystemKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path)
    await store.change("p1", {"A": "1"}, ())
    asked, answered = threading.Event(), threading.Event()
    write = system.set_password

    def prompt(service: str, username: str, password: str) -> None:
        asked.set()
        answered.wait(10)
        write(service, username, password)

    monkeypatch.setattr(system, "set_password", prompt)
    async with Owner("test") as owner:
        change = owner.start(store.change("p1", {"B": "2"}, ()), name="change", awaited=True)
        await asyncio.to_thread(asked.wait, 10)
        change.cancel()
        with pytest.raises(asyncio.CancelledError):
            await change
    assert store.names("p1") == ("A",) and await store.values("p1") == {"A": "1"}
    answered.set()  # the person answers the prompt all the same: no name is in force that was called off
    for thread in tuple(threading.enumerate()):
        if thread.name == "keyring":
            await asyncio.to_thread(thread.join, 10)
    assert await store.values("p1") == {"A": "1"}
    monkeypatch.setattr(system, "set_password", write)
    await store.change("p1", {"C": "3"}, ())
    assert await store.values("p1") == {"A": "1", "C": "3"}


async def test_without_a_keyring_they_last_for_this_run_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, PlaintextKeyring())
    store = store_in(tmp_path)
    assert await store.change("p1", {"A": VALUE}, ()) is KeySource.MEMORY
    assert store.names("p1") == ("A",) and await store.values("p1") == {"A": VALUE}
    assert list(tmp_path.iterdir()) == []
    assert store_in(tmp_path).names("p1") == ()
    await store.forget("p1")
    assert store.names("p1") == () and await store.values("p1") == {}


async def test_a_file_of_names_that_cannot_be_read_is_told(system: SystemKeyring, tmp_path: Path) -> None:
    (tmp_path / "environment.json").mkdir()
    with pytest.raises(SecretError, match="could not be read"):
        await store_in(tmp_path).values("p1")


async def test_where_they_are_kept_can_be_told_beforehand(
    system: SystemKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = store_in(tmp_path)
    assert await store.place("p1") is KeySource.KEYRING and system.kept == {}
    use(monkeypatch, PlaintextKeyring())
    assert await store.place("p1") is KeySource.MEMORY
