"""Which of two test processes runs what, and when: a plug-in for pytest-xdist, named by `packaging/test.sh`.

Most tests wait for a sandbox, a page or an install, so that two processes take little more than half of one's time.
A file is run by one process, from its first test to its last. Two windows on one screen would take the keys from each
other, so that the tests with a screen are one turn; what is measured in time has the computer to itself, at the end.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

ON_SCREEN = "tests/end2end/"
# The long ones first: two processes come to their ends together when short files are left to the last.
FIRST = (ON_SCREEN, "tests/faults/", "tests/contract/", "tests/workbench/", "tests/preview/")
ALONE = (
    "tests/ui/test_paint_watch.py",  # frames that come in time
    "tests/packaging/test_setup.py",  # a start within two seconds
)


def turn_of(nodeid: str) -> str:
    """Give what is run by one process together with this test."""
    return ON_SCREEN if nodeid.startswith(ON_SCREEN) else nodeid.partition("::")[0]


def place_of(nodeid: str) -> int:
    """Give where a test's turn comes: the lower, the sooner."""
    if turn_of(nodeid) in ALONE:
        return len(FIRST) + 1
    return next((place for place, folder in enumerate(FIRST) if nodeid.startswith(folder)), len(FIRST))


class Turns(LoadFileScheduling):  # type: ignore[misc]  # the package tells no types
    """Gives a process its next turn when it is nearly through with one."""

    def remove_node(self, node: WorkerController) -> str | None:
        """Take note that a process has ended: what waited to be alone may begin."""
        crashed: str | None = super().remove_node(node)
        for left in self.nodes:
            self._reschedule(left)
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return turn_of(nodeid)

    def _reschedule(self, node: WorkerController) -> None:
        others = [each for each in self.nodes if each is not node]
        if not node.shutting_down and others and next(iter(self.workqueue), "") in ALONE:
            if all(each.shutting_down for each in others):
                return  # asked again when the last of them has ended
            if self._pending_of(self.assigned_work[node]) <= 2:  # as few as make the scheduler give it more
                node.shutdown()
            return
        super()._reschedule(node)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the turns in their order, in each process alike."""
    items.sort(key=lambda item: place_of(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Turns:
    """Use the turns in place of the scheduler that `--dist` names."""
    config.option.loadscopereorder = False  # by their number of tests the quick files came first
    return Turns(config, log)
