"""Where a dev server may be listening: what was chosen, declared, printed and found, in that order of trust.

Pure: lines and socket tables go in, ports to ask come out. A server that names its own address ("Local:") knows better
than whoever told it where to listen, for most take the next port where theirs is taken; only the person's own choice
stands above that.
"""

import re
from collections.abc import Iterable, Sequence

# As Vite, Nuxt, SvelteKit and Next.js print it with a colon, and Astro without: "➜  Local:   http://localhost:5173/".
_LOCAL = re.compile(r"\bLocal\b:?\s+(https?)://[^\s/]*?:(\d{2,5})\b", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(\d{2,5}))?(?![\w.:])")
# "Server listening on port 8080", "started on :4000": not "port 3000 is in use, trying 3001".
_WORDS = re.compile(r"\b(?:listening|running|started|serving|ready|available)\b\D{0,40}\b(\d{4,5})\b", re.IGNORECASE)
_TAKEN = re.compile(r"in use|already|taken|busy|EADDRINUSE|debugger|inspector", re.IGNORECASE)
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# A line that tells an address is short; a longer one is a bundle or a stack.
_LONGEST = 400
_LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)
# Ports that tools beside the dev server open: Node's inspector, Nuxt's and Astro's own hot reload.
_NOT_PAGES = frozenset({9229, 9230, 24678})


class Ports:
    """What is known of a dev server's port.

    :param expected: where it was told to listen.
    :param chosen: the person named that port, so no other counts.
    :param told: script or flags brought it to the server, so it will most likely listen there.
    """

    def __init__(self, expected: int, *, chosen: bool = False, told: bool = False) -> None:
        self.expected = expected
        self._chosen = chosen
        self._told = told
        self._local: list[int] = []
        self._printed: list[int] = []
        self._found: list[int] = []
        self._https: set[int] = set()

    def hear(self, line: str) -> None:
        """Take a line of the dev server's output."""
        if len(line) > _LONGEST:
            return
        plain = _ANSI.sub("", line)
        for scheme, number in _LOCAL.findall(plain):
            self._note(self._local, number)
            self._note_scheme(scheme, int(number))
        if _TAKEN.search(plain):
            return
        for scheme, number in _ADDRESS.findall(plain):
            if number:
                self._note(self._printed, number)
                self._note_scheme(scheme, int(number))
        for number in _WORDS.findall(plain):
            self._note(self._printed, number)

    def find(self, listening: Iterable[int]) -> None:
        """Take the ports at which the dev server's processes listen."""
        self._found = [port for port in listening if port not in _NOT_PAGES]

    @property
    def settled(self) -> int | None:
        """Give the port whose answer counts whatever it is; None while several may be asked."""
        if self._chosen or (self._local and self.expected in self._local):
            return self.expected
        if self._local:
            return self._local[0]
        return self.expected if self._told and not self._found else None

    @property
    def candidates(self) -> tuple[int, ...]:
        """Give the ports to ask, the most trusted first."""
        if self._chosen or self._local:
            return (self.settled or self.expected,)
        first = (self.expected, *self._printed) if self._told else (*self._printed, self.expected)
        return tuple(dict.fromkeys((*first, *self._found)))

    @property
    def is_https(self) -> bool:
        """Did the server say that it speaks HTTPS where it is expected?"""
        return self.candidates[0] in self._https

    def _note(self, ports: list[int], number: str) -> None:
        port = int(number)
        if 0 < port < 65536 and port not in ports and port not in _NOT_PAGES:
            ports.append(port)

    def _note_scheme(self, scheme: str, port: int) -> None:
        # A server that prints both speaks plain HTTP as well.
        if scheme.lower() == "https":
            self._https.add(port)
        else:
            self._https.discard(port)


def listening_ports(inodes: Iterable[str], tables: Sequence[str]) -> list[int]:
    """Give the ports of listening sockets.

    :param inodes: the sockets that count, as /proc/<pid>/fd names them.
    :param tables: lines of /proc/net/tcp and tcp6.
    """
    ours = set(inodes)
    ports = set()
    for line in tables:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTEN and fields[9] in ours:
            ports.add(int(fields[1].rpartition(":")[2], 16))
    return sorted(ports)
