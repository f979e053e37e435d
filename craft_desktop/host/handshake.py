"""The ready line: all that the host and the program that started it have to agree upon.

The host prints it once, on standard output, when both listeners stand. This module imports the standard library
alone, so that the parent may share it without taking the rest of the host.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


class HandshakeError(ValueError):
    """A line that is not a ready line of this host."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Where a running host listens and the key it wants.

    :param api_url: the control plane (E2B's REST API).
    :param sandbox_url: the client proxy, as the SDK's `sandbox_url` wants it.
    :param traffic_url: the client proxy, as `PORT-ID.<any domain>` is sent to it.
    :param api_key: secret of this run; never to be logged.
    :param domain: `host:port` that follows `PORT-ID.` in a preview address.
    :param pid: of the host process.
    """

    api_url: str
    sandbox_url: str
    traffic_url: str
    api_key: str
    domain: str
    pid: int

    def __repr__(self) -> str:
        return f"Ready(api_url={self.api_url!r}, traffic_url={self.traffic_url!r}, pid={self.pid})"

    @classmethod
    def parse(cls, line: str | bytes) -> Self:
        """Read one ready line.

        :raises HandshakeError: not JSON, or not exactly the six known keys with their types.
        """
        try:
            told: Any = json.loads(line)
        except ValueError as error:
            raise HandshakeError("the host's first line is not JSON") from error
        wanted = {field.name: field.type for field in fields(cls)}
        if not isinstance(told, dict) or set(told) != set(wanted):
            raise HandshakeError(f"the host's first line does not have exactly {', '.join(wanted)}")
        for name, kind in wanted.items():
            # bool is an int to Python, but never a pid
            if not isinstance(told[name], kind if isinstance(kind, type) else object) or told[name] is True:
                raise HandshakeError(f"{name} in the host's first line is of the wrong kind")
        return cls(**told)

    def format(self) -> str:
        """The line to print, without its newline."""
        return json.dumps(asdict(self), separators=(",", ":"))
