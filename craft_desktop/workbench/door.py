"""How other programs on this computer reach this one, as far as a screen shows it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from craft_desktop.model.errors import Problem


@dataclass(frozen=True, slots=True)
class Access:
    """Where to ask, and the secret that says who may. `masked` is what may be shown of it."""

    url: str
    token: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Give the token as it may be shown: enough to tell an old one from a new one."""
        return f"•••• {self.token[-4:]}"


class Door(Protocol):
    """Opened and closed by the setting; whoever serves the control API provides it."""

    @property
    def access(self) -> Access | None:
        """How to come in; None while it is closed."""

    @property
    def problem(self) -> Problem | None:
        """Why it is closed though it should be open; None where it is open, or closed by its setting."""

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have it told when `access` is another one; answers the way to stop that."""

    async def renew(self) -> None:
        """Let nobody in any more who knows the token of now: another one counts from here on."""
