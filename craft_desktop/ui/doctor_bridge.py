"""The preview doctor, between the window and the workbench: an examination asked for, its checks as they are made."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from craft_desktop.model.checkup import PageSeen
from craft_desktop.model.report import Check, Diagnosis
from craft_desktop.ui.upkeep import Run


class Examiner(Protocol):
    """The workbench's doctor, as far as a window needs it."""

    async def examine(
        self, project_id: str, page: PageSeen | None = None, tell: Callable[[Check], None] = ...
    ) -> Diagnosis:
        """Examine a preview; tell each check as it is made."""


class DoctorBridge(QObject):
    """Lives on the loop's thread.

    :param run: runs a call, and tells what goes wrong in it.
    """

    checked = Signal(str, object)
    """A project's id and a `Check` that was just made."""
    examined = Signal(str, object)
    """A project's id and its `Diagnosis`; None where the examination came to nothing."""

    def __init__(self, examiner: Examiner, run: Run) -> None:
        super().__init__()
        self._examiner, self._run = examiner, run
        self._under_way: set[str] = set()

    def examine(self, project_id: str, page: object) -> None:
        """Examine a preview; one that is being examined already is not examined twice.

        :param page: a `PageSeen`, or None while no window looks.
        """
        if project_id not in self._under_way:
            self._under_way.add(project_id)
            seen = page if isinstance(page, PageSeen) else None
            self._run(self._examine(project_id, seen), "examine", project_id)

    async def _examine(self, project_id: str, page: PageSeen | None) -> None:
        diagnosis: Diagnosis | None = None
        try:
            diagnosis = await self._examiner.examine(
                project_id, page, lambda check: self.checked.emit(project_id, check)
            )
        except KeyError:
            return  # it was taken off the list meanwhile, and its pane with it
        finally:
            self._under_way.discard(project_id)
            self.examined.emit(project_id, diagnosis)
