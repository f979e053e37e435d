import contextlib
import socket
from collections.abc import Iterator

import pytest

from craft_desktop.model.errors import Action, GatewayError
from craft_desktop.preview import loopback


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _opened(preferred: int) -> Iterator[list[socket.socket]]:
    sockets = loopback.listen(preferred)
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


def test_only_loopback_addresses_at_one_port() -> None:
    with _opened(0) as sockets:
        names = [each.getsockname() for each in sockets]
    assert names[0][0] == "127.0.0.1"
    assert {name[0] for name in names} <= {"127.0.0.1", "::1"}
    assert len({name[1] for name in names}) == 1


def test_busy_port_gives_way_to_the_next_free_one() -> None:
    preferred = _free_port()
    with _opened(preferred) as first, _opened(preferred) as second:
        assert first[0].getsockname()[1] == preferred
        assert preferred < second[0].getsockname()[1] < preferred + loopback.PORTS_TRIED


def test_port_taken_on_the_other_loopback_address_is_busy() -> None:
    preferred = _free_port()
    with _opened(0) as sockets:
        if len(sockets) < 2:
            pytest.skip("this machine has no ::1")
    with socket.socket(socket.AF_INET6) as other:
        other.bind(("::1", preferred))
        other.listen()
        with _opened(preferred) as sockets:
            assert sockets[0].getsockname()[1] != preferred


def test_no_free_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "PORTS_TRIED", 1)
    with _opened(0) as taken, pytest.raises(GatewayError) as failure:
        loopback.listen(taken[0].getsockname()[1])
    assert failure.value.problem.action is Action.OPEN_SETTINGS
