import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.core
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.errors import SecretError
from craft_desktop.store import secrets as module
from craft_desktop.store.secrets import (
    ACCOUNT,
    SERVICE,
    KeySource,
    KeyState,
    SecretStore,
    has_keyring,
    keyring_name,
    mask,
)
from craft_desktop.tasks import Owner
from tests.store.keyrings import Chain, PlaintextKeyring, SystemKeyring, WindowsKeyring, use

KEY = "e2b_0123456789abcdef"
OTHER = "e2b_fedcba9876543210"


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> SystemKeyring:
    backend = SystemKeyring()
    use(monkeypatch, backend)
    return backend


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> PlaintextKeyring:
    backend = PlaintextKeyring()
    use(monkeypatch, backend)
    return backend


async def test_a_key_is_kept_in_the_keyring_and_found_after_the_next_start(system: SystemKeyring) -> None:
    store = SecretStore({})
    assert await store.key() is None
    assert await store.state() == KeyState(KeySource.NONE)
    assert await store.save(f"  {KEY}\n") == KeyState(KeySource.KEYRING, "••••cdef")
    assert system.kept == {(SERVICE, ACCOUNT): KEY}
    again = SecretStore({})
    assert await again.key() == KEY
    assert await again.state() == KeyState(KeySource.KEYRING, "••••cdef")


async def test_a_forgotten_key_is_gone(system: SystemKeyring) -> None:
    store = SecretStore({})
    await store.save(KEY)
    assert await store.forget() == KeyState(KeySource.NONE)
    assert system.kept == {}
    assert await store.forget() == KeyState(KeySource.NONE)


async def test_the_environment_goes_first_and_is_never_written(system: SystemKeyring) -> None:
    store = SecretStore({"E2B_API_KEY": f" {OTHER} "})
    await store.save(KEY)
    assert await store.key() == OTHER
    assert await store.state() == KeyState(KeySource.ENVIRONMENT, "••••3210")
    assert OTHER not in system.kept.values()
    assert await store.forget() == KeyState(KeySource.ENVIRONMENT, "••••3210")


async def test_an_empty_environment_is_none(system: SystemKeyring) -> None:
    assert await SecretStore({"E2B_API_KEY": "  "}).key() is None


async def test_the_environment_needs_no_keyring(system: SystemKeyring) -> None:
    system.failure = keyring.errors.KeyringLocked()
    assert await SecretStore({"E2B_API_KEY": KEY}).key() == KEY
    assert system.threads == set()


async def test_a_keyring_in_plain_text_is_refused_and_the_run_alone_remembers(plain: PlaintextKeyring) -> None:
    store = SecretStore({})
    assert await store.save(KEY) == KeyState(KeySource.MEMORY, "••••cdef")
    assert plain.kept == {}
    assert await store.key() == KEY
    assert await SecretStore({}).key() is None
    assert await store.forget() == KeyState(KeySource.NONE)
    assert plain.threads == set()


async def test_a_key_in_the_keyring_takes_the_place_of_the_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, PlaintextKeyring())
    store = SecretStore({})
    await store.save(OTHER)
    use(monkeypatch, SystemKeyring())
    await store.save(KEY)
    assert await store.state() == KeyState(KeySource.KEYRING, "••••cdef")


@pytest.mark.parametrize(
    ("backend", "is_trusted"),
    [
        (SystemKeyring(), True),
        (PlaintextKeyring(), False),
        (Chain(SystemKeyring(), SystemKeyring()), True),
        (Chain(SystemKeyring(), PlaintextKeyring()), False),
        (Chain(), False),
    ],
    ids=["system", "plain text", "chain", "chain with plain text", "empty chain"],
)
def test_only_a_keyring_that_encrypts_is_trusted(
    backend: keyring.backend.KeyringBackend, is_trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, backend)
    assert has_keyring() is is_trusted
    assert (keyring_name() is not None) is is_trusted


@pytest.mark.parametrize(
    "failure",
    [
        keyring.errors.KeyringLocked("Failed to unlock the collection!"),
        keyring.errors.InitError("Prompt dismissed"),
        keyring.errors.PasswordSetError(),
        RuntimeError("a D-Bus error that keyring lets through"),
        ConnectionResetError(104, "the bus is gone"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_keyring_that_refuses_is_told(
    system: SystemKeyring, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = SecretStore({})
    system.failure = failure
    for ask in (store.key, store.state, store.forget, lambda: store.save(KEY)):
        with pytest.raises(SecretError) as caught:
            await ask()
        assert caught.value.problem.detail in (str(failure), type(failure).__name__)
        assert "E2B_API_KEY" in caught.value.problem.remedy
        assert KEY not in str(caught.value)
    assert KEY not in caplog.text
    system.failure = None
    assert await store.key() is None


async def test_a_keyring_that_cannot_be_chosen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no.such.Keyring")
    with pytest.raises(SecretError, match="No module named 'no'"):
        await SecretStore({}).key()


async def test_a_prompt_that_nobody_answers_is_told_and_the_loop_stays_free(
    system: SystemKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def prompt(_service: str, _username: str) -> None:
        asked.set()
        answered.wait()

    monkeypatch.setattr(system, "get_password", prompt)
    monkeypatch.setattr(module, "PROMPT_LIMIT_S", 0.2)
    async with Owner("test") as owner:
        asking = owner.start(SecretStore({}).key(), name="ask", awaited=True)
        try:
            while not asked.is_set():
                await asyncio.sleep(0)
            with pytest.raises(SecretError, match="does not answer"):
                await asking
        finally:
            answered.set()


async def test_the_keyring_is_asked_off_the_loops_thread(system: SystemKeyring) -> None:
    await SecretStore({}).save(KEY)
    assert system.threads
    assert threading.current_thread() not in system.threads


@pytest.mark.parametrize("key", ["", "  \n", "e2b_é", "e2b_1\n2", "e2b_\x00", "e2b_\u200b", "\x1b[31m"])
async def test_what_is_no_key_is_refused_and_the_old_one_stays(system: SystemKeyring, key: str) -> None:
    store = SecretStore({})
    await store.save(KEY)
    with pytest.raises(SecretError, match="not an API key"):
        await store.save(key)
    assert await store.key() == KEY


async def test_an_entry_is_kept_read_and_dropped(system: SystemKeyring) -> None:
    store = SecretStore({})
    assert await store.entry("environment-p1") is None
    assert await store.keep_entry("environment-p1", "text") is KeySource.KEYRING
    assert system.kept == {(SERVICE, "environment-p1"): "text"}
    assert await SecretStore({}).entry("environment-p1") == "text"
    await store.drop_entry("environment-p1")
    await store.drop_entry("environment-p1")
    assert system.kept == {} and await store.entry("environment-p1") is None


async def test_without_a_keyring_an_entry_is_remembered_for_this_run(plain: PlaintextKeyring) -> None:
    store = SecretStore({})
    assert await store.keep_entry("environment-p1", "text") is KeySource.MEMORY
    assert await store.entry("environment-p1") == "text"
    assert plain.kept == {} and await SecretStore({}).entry("environment-p1") is None
    await store.drop_entry("environment-p1")
    assert await store.entry("environment-p1") is None


@pytest.mark.parametrize(
    "backend", [WindowsKeyring(), Chain(WindowsKeyring(), SystemKeyring())], ids=["alone", "chain"]
)
async def test_what_windows_cannot_hold_is_refused_before_it_is_tried(
    backend: SystemKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, backend)
    store = SecretStore({})
    assert await store.keep_entry("fits", "x" * 1280) is KeySource.KEYRING
    with pytest.raises(SecretError, match="too long") as caught:
        await store.keep_entry("long", "x" * 1281)
    assert "2,562 bytes" in caught.value.problem.detail and "2,560" in caught.value.problem.detail
    assert (SERVICE, "long") not in backend.kept


@given(st.text(min_size=1))
def test_a_mask_shows_four_characters_at_most(key: str) -> None:
    shown = mask(key).removeprefix("••••")
    assert len(shown) <= 4
    assert 3 * len(shown) < len(key)
    assert key.endswith(shown)


def test_a_state_told_to_a_log_holds_no_key() -> None:
    assert KEY not in repr(KeyState(KeySource.KEYRING, mask(KEY)))


# What runs beside a real Secret Service; it prints what it found. It waits for the service's name on the bus: asking
# earlier would make the bus start a second one.
REAL = """
import asyncio, json, sys, time
import jeepney
from jeepney.io.blocking import open_dbus_connection
from craft_desktop.store.secrets import SecretStore, keyring_name

bus = open_dbus_connection()
service = jeepney.DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
ask = jeepney.new_method_call(service, "NameHasOwner", "s", ("org.freedesktop.secrets",))
deadline = time.monotonic() + 20
while not bus.send_and_get_reply(ask, timeout=5).body[0]:
    assert time.monotonic() < deadline, "no Secret Service"
    time.sleep(0.01)
bus.close()

async def main():
    store, told = SecretStore({}), []
    for act in (store.state, lambda: store.save(sys.argv[1]), SecretStore({}).key, store.forget, store.key):
        told.append(str(await act()))
    return [keyring_name(), *told]

print(json.dumps(asyncio.run(main())))
"""
# What points to the person's own keyring and bus.
OTHERS = ("XDG_", "DBUS_", "PYTHON_KEYRING", "GNOME_KEYRING")
# The daemon would outlive its bus (measured), so the shell ends it, however the rest ends.
SCRIPT = """
gnome-keyring-daemon --foreground --unlock --components=secrets <<< "" >/dev/null &
trap "kill $!; wait" EXIT
"$@"
"""


@pytest.fixture
def session_bus(tmp_path: Path) -> Iterator[list[str]]:
    """The command that runs another one on a bus with a Secret Service of its own."""
    missing = [name for name in ("gnome-keyring-daemon", "dbus-run-session") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)} (packaging/test.sh installs them)")
    (tmp_path / "run").mkdir(mode=0o700)
    yield ["dbus-run-session", "--", "bash", "-c", SCRIPT, "bash"]


def test_a_real_secret_service_keeps_the_key(session_bus: list[str], tmp_path: Path) -> None:
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "DBUS_", "PYTHON_KEYRING"))
        },
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
    }
    run = subprocess.run(
        [*session_bus, sys.executable, "-c", REAL, KEY],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert run.returncode == 0, run.stderr
    nothing, kept = KeyState(KeySource.NONE), KeyState(KeySource.KEYRING, "••••cdef")
    name, *told = json.loads(run.stdout)
    assert "SecretService" in name
    assert told == [str(nothing), str(kept), KEY, str(nothing), "None"]
