"""Shows a project's page on E2B to everybody who has its address, for as long as the person wants that."""

from collections.abc import Callable, Mapping

from craft_desktop.model.errors import Action, ProjectError
from craft_desktop.model.project import Provider
from craft_desktop.model.settings import Settings
from craft_desktop.store.projects import ProjectStore
from craft_desktop.workbench.runner import Runner


class Sharing:
    """Shares projects, and ends that.

    :param tell: called when the list of projects has changed.
    """

    def __init__(
        self,
        projects: ProjectStore,
        runners: Mapping[str, Runner],
        settings: Callable[[], Settings],
        tell: Callable[[], None],
    ) -> None:
        self._projects, self._runners, self._settings, self._tell = projects, runners, settings, tell

    async def share(self, project_id: str, on: bool) -> None:
        """Choose whether everybody who has its address can see a project's page on E2B.

        A sandbox is made public or not (E2B: `allow_public_traffic` counts at create), so one that runs is replaced.
        Return when its page is live again.

        :raises ProjectError: it runs on this computer, which nobody else reaches; or the list cannot be saved.
        """
        project, runner = self._projects.get(project_id), self._runners[project_id]
        before = runner.session
        where = before.provider if before.is_active else project.provider or self._settings().provider
        if on and where is Provider.LOCAL:
            raise ProjectError(
                "A preview on this computer has no public address",
                f"{project.name} runs here, where nobody else reaches it.",
                "Choose E2B under “Where it runs” and start it there; then share it.",
                Action.NONE,
            )
        if on is project.is_shared:
            return
        self._projects.update(project_id, is_shared=on)
        self._tell()
        if before.is_active and where is not Provider.LOCAL:
            await runner.stop()
            await runner.start(where)
