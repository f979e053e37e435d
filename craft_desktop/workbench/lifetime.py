"""What becomes of projects when the program opens and when it ends."""

import asyncio
from collections.abc import Callable, Mapping

from craft_desktop.model.project import Provider
from craft_desktop.model.settings import Settings, WhenQuit
from craft_desktop.workbench.memory import Memory
from craft_desktop.workbench.runner import Runner
from craft_desktop.workbench.tenancy import SANDBOX_TIMEOUT_S

# The longest time that E2B grants every account (its documentation: an hour on the Hobby plan).
LONGEST_KEPT_S = 3600


def kept_for_s(idle_limit_min: int) -> int:
    """Give how long a sandbox is left running when the program ends: as long as an unused one may run anyway."""
    wanted_s = 60 * idle_limit_min or LONGEST_KEPT_S
    return min(max(wanted_s, SANDBOX_TIMEOUT_S), LONGEST_KEPT_S)


class Lifetime:
    """The first and the last act.

    :param runners: every runner by its project's id, as they come and go.
    """

    def __init__(self, memory: Memory, settings: Callable[[], Settings], runners: Mapping[str, Runner]) -> None:
        self._memory = memory
        self._settings = settings
        self._runners = runners
        self._answer: bool | None = None

    async def start_again(self) -> None:
        """Start what ran when the program last ended, where the settings say so; note what runs from now on."""
        last = await self._memory.recall()
        if self._settings().start_again:
            wanted = [runner for project_id, runner in self._runners.items() if project_id in last]
            await asyncio.gather(*(runner.start() for runner in wanted))

    def note(self) -> None:
        """Note what runs now."""
        self._memory.note([key for key, runner in self._runners.items() if runner.session.is_active])

    @property
    def asks(self) -> bool:
        """Is a person to be asked, before the end, whether what runs at E2B stays? Once answered, no more."""
        runs = (runner.session for runner in self._runners.values())
        at_e2b = any(run.is_active and run.provider is Provider.E2B for run in runs)
        return at_e2b and self._answer is None and self._settings().when_quit is WhenQuit.ASK

    def keep_at_quit(self, keep: bool) -> None:
        """Answer what the settings leave open: whether sandboxes at E2B stay when the program ends."""
        self._answer = keep

    async def end(self) -> None:
        """Stop every project, or leave its sandbox at E2B, as the settings say."""
        self._answer = self._answer is True
        await self._memory.aclose()
        settings = self._settings()
        if settings.when_quit is WhenQuit.KEEP or (settings.when_quit is WhenQuit.ASK and self._answer):
            for_s = kept_for_s(settings.idle_limit_min)
            await asyncio.gather(*(runner.leave(for_s) for runner in self._runners.values()))
        else:
            await asyncio.gather(*(runner.stop() for runner in self._runners.values()))
