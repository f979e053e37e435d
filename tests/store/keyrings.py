"""Keyrings that stand for the system's own, so that no test touches a person's."""

import threading

import keyring.backend
import keyring.core
import pytest


class SystemKeyring(keyring.backend.KeyringBackend):
    """Stands for the system's keyring; `failure` is what it answers every question with.

    It takes the place of the backend of the module that it names.
    """

    __module__ = "keyring.backends.SecretService"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None
        self.threads: set[threading.Thread] = set()

    def get_password(self, service: str, username: str) -> str | None:
        self._answer()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._answer()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._answer()
        del self.kept[service, username]

    def _answer(self) -> None:
        self.threads.add(threading.current_thread())
        if self.failure is not None:
            raise self.failure


class PlaintextKeyring(SystemKeyring):
    __module__ = "keyrings.alt.file"


class WindowsKeyring(SystemKeyring):
    __module__ = "keyring.backends.Windows"


class Chain(SystemKeyring):
    __module__ = "keyring.backends.chainer"

    def __init__(self, *backends: keyring.backend.KeyringBackend) -> None:
        super().__init__()
        self.backends = backends


# keyring keeps a list of every backend class there is; in another test it must not choose one of these.
for made in (SystemKeyring, PlaintextKeyring, WindowsKeyring, Chain):
    keyring.backend.KeyringBackend._classes.discard(made)


def use(monkeypatch: pytest.MonkeyPatch, backend: keyring.backend.KeyringBackend) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
