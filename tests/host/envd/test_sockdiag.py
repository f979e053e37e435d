import socket
from pathlib import Path

from craft_desktop.host.envd.listeners import Listener, parse_listeners
from craft_desktop.host.envd.sockdiag import tcp_listeners


def test_says_what_proc_says() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        for server, name in ((four, "tcp"), (six, "tcp6")):
            port = server.getsockname()[1]
            told = [Listener(address, inode) for address, inode in tcp_listeners(port)]
            assert told == parse_listeners(Path("/proc/net", name).read_text(), port)
            assert len(told) == 1


def test_nothing_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert tcp_listeners(bound.getsockname()[1]) == []
