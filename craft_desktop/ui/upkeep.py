"""What a person does to a project beside starting and stopping it: clean restarts, keeping awake, sharing, its port.

Between the window and the workbench, as the bridge is, whose owner runs each call.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

Run = Callable[[Coroutine[Any, Any, object], str, str | None], None]
"""Takes a call, its name for the log, and the project whose notice tells what goes wrong."""


class Shares(Protocol):
    """What shows projects to others."""

    async def share(self, project_id: str, on: bool) -> None:
        """Choose whether everybody who has its address sees a project's page."""


class Keeper(Protocol):
    """The workbench, as far as this needs it."""

    @property
    def sharing(self) -> Shares:
        """What shows projects to others."""

    async def restart_clean(self, project_id: str) -> None:
        """Restart without what was built before."""

    async def reinstall(self, project_id: str) -> None:
        """Install the dependencies from nothing and restart."""

    async def keep_awake(self, project_id: str, on: bool) -> None:
        """Choose whether a project goes to rest when nobody uses it."""

    async def choose_port(self, project_id: str, port: int | None) -> None:
        """Say at which port of its sandbox a project's page is; None: it is found."""


class Upkeep:
    """Hands on what a person wants."""

    def __init__(self, keeper: Keeper, run: Run) -> None:
        self._keeper, self._run = keeper, run

    def restart_clean(self, project_id: str) -> None:
        """Restart a project without what was built before."""
        self._run(self._keeper.restart_clean(project_id), "restart clean", project_id)

    def reinstall(self, project_id: str) -> None:
        """Install a project's dependencies from nothing and restart it."""
        self._run(self._keeper.reinstall(project_id), "reinstall", project_id)

    def keep_awake(self, project_id: str, on: bool) -> None:
        """Choose whether a project goes to rest when nobody uses it."""
        self._run(self._keeper.keep_awake(project_id, on), "keep awake", project_id)

    def share(self, project_id: str, on: bool) -> None:
        """Choose whether everybody who has its address sees a project's page."""
        self._run(self._keeper.sharing.share(project_id, on), "share", project_id)

    def choose_port(self, project_id: str, port: int | None) -> None:
        """Say at which port of its sandbox a project's page is."""
        self._run(self._keeper.choose_port(project_id, port), "choose port", project_id)
