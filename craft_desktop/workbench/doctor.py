"""The preview doctor: looks at all that may keep a page from showing, and says of each what was found.

Facts are gathered at the same time, each once; a check waits for the facts that it needs, under a deadline of its own.
A check that fails says that it is unknown and why: the others stand. Nothing is changed by looking.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from craft_desktop.model.checkup import (
    NAMES,
    PageSeen,
    unknown,
)
from craft_desktop.model.errors import CraftError
from craft_desktop.model.plain import plain
from craft_desktop.model.project import Project
from craft_desktop.model.report import Check, Diagnosis
from craft_desktop.model.symptoms import SYMPTOMS
from craft_desktop.preview.gateway import Gateway
from craft_desktop.tasks import Owner
from craft_desktop.workbench.insight import Insight
from craft_desktop.workbench.premises import striker
from craft_desktop.workbench.runner import Runner
from craft_desktop.workbench.visit import NotSeenError, Visit

# Longer than each look's own limit, so that it is the look that says what it waited for.
CHECK_LIMIT_S = 4.2
# What everybody looks at: enough of the log's end to hold an error with its place.
TAIL_LINES = 15
LONGEST_TAIL_LINE = 300

# Every check, in the order of a start; a screen shows them before they are made.
ALL_CHECKS: tuple[tuple[str, str], ...] = (
    *NAMES.items(),
    *((symptom.id, symptom.name) for symptom in SYMPTOMS),
)

_log = logging.getLogger(__name__)


class Doctor:
    """Examines previews.

    :param runners: every project's runner by its id, as they are at any time.
    :param project: gives a project of the list.
    :param variables: gives the names of a project's own environment variables.
    :param strike: takes secrets out of a text.
    """

    def __init__(
        self,
        runners: Mapping[str, Runner],
        project: Callable[[str], Project],
        variables: Callable[[str], tuple[str, ...]],
        gateway: Gateway,
        insight: Insight,
        strike: Callable[[str], str],
    ) -> None:
        self._runners = runners
        self._project = project
        self._variables = variables
        self._gateway = gateway
        self._insight = insight
        self._strike = strike

    async def examine(
        self, project_id: str, page: PageSeen | None = None, tell: Callable[[Check], None] = lambda _: None
    ) -> Diagnosis:
        """Examine one preview. Takes some 0.3 s, and 5 s at most.

        :param page: what a window saw of the page, if one looks.
        :param tell: told each check as it is made.
        :raises KeyError: the project is not on the list.
        """
        began = time.monotonic()
        runner, project = self._runners[project_id], self._project(project_id)
        async with Owner("doctor") as owner:
            visit = Visit(owner, runner, project, self._gateway, self._insight, page)
            premises = await visit.premises_or_none()
            strike = striker(premises, self._strike)

            def told(check: Check) -> Check:
                check = _struck(check, strike)
                tell(check)
                return check

            names = self._variables_of(project_id)
            tasks = [
                owner.start(_made(key, work, told), name=f"check {key}", awaited=True)
                for key, work in visit.checks(names).items()
            ]
            log = owner.start(_made_log(visit.log_checks, told), name="check the log", awaited=True)
            checks = [*(await asyncio.gather(*tasks)), *(await log)]
            vitals = await visit.vitals_or_none()
        tail = tuple(strike(plain(line.text, LONGEST_TAIL_LINE)) for line in visit.lines[-TAIL_LINES:])
        listeners = tuple(dataclasses.replace(each, command=strike(each.command)) for each in vitals.listeners)
        processes = tuple(dataclasses.replace(each, command=strike(each.command)) for each in vitals.processes)
        return Diagnosis(tuple(checks), listeners, processes, tail, time.monotonic() - began)

    def _variables_of(self, project_id: str) -> frozenset[str]:
        try:
            return frozenset(self._variables(project_id))
        except CraftError as error:  # told where variables are shown; here it makes more of them look unset
            _log.info("%s", error)
            return frozenset()


async def _made(key: str, work: Callable[[], Awaitable[Check]], told: Callable[[Check], Check]) -> Check:
    """Make one check, whatever becomes of it."""
    name = NAMES[key]
    try:
        async with asyncio.timeout(CHECK_LIMIT_S):
            check = await work()
    except NotSeenError as error:
        check = unknown(key, name, str(error))
    except TimeoutError:
        check = unknown(key, name, f"It took longer than {CHECK_LIMIT_S:g} s.")
    except CraftError as error:
        check = unknown(key, name, str(error))
    except Exception as error:  # a mistake of ours must not take the other checks with it; the log has it whole
        _log.exception("the check %s failed", key)
        check = unknown(key, name, f"The check itself failed: {type(error).__name__}.")
    return told(check)


async def _made_log(work: Callable[[], Awaitable[list[Check]]], told: Callable[[Check], Check]) -> list[Check]:
    try:
        async with asyncio.timeout(CHECK_LIMIT_S):
            checks = await work()
    except TimeoutError:
        why = f"It took longer than {CHECK_LIMIT_S:g} s."
        checks = [unknown(symptom.id, symptom.name, why) for symptom in SYMPTOMS]
    return [told(check) for check in checks]


def _struck(check: Check, strike: Callable[[str], str]) -> Check:
    return dataclasses.replace(check, detail=strike(check.detail), remedy=strike(check.remedy))
