from dataclasses import replace

import pytest

from craft_desktop.model.errors import Action
from craft_desktop.model.report import Check, Grade, Listener, Process
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.vitals import Vitals
from craft_desktop.model.vitals_check import (
    check_address,
    check_clock,
    check_disk,
    check_install,
    check_lock,
    check_memory,
    check_node,
    check_port,
    check_process,
)

MB = 1024 * 1024
SESSION = Session("p", Phase.LIVE, pid=27, port=3000)
WELL = Vitals(
    now=1000.0,
    node="v20.20.2",
    processes=(Process(27, 60 * MB, "S", "npm run dev"), Process(39, 40 * MB, "S", "node server.js")),
    listeners=(Listener("127.0.0.1", 3000, 39),),
    memory_total=1000 * MB,
    memory_used=400 * MB,
    disk_total=9000 * MB,
    disk_free=4000 * MB,
    inodes_total=100_000,
    inodes_free=90_000,
    is_installed=True,
    is_whole=True,
)


def at(address: str, port: int) -> Vitals:
    return replace(WELL, listeners=(Listener(address, port, 39),))


@pytest.mark.parametrize(
    ("check", "grade", "words"),
    [
        (check_process(SESSION, WELL), Grade.OK, "2 processes, PID 27, 105 MB"),
        (check_process(SESSION, replace(WELL, processes=())), Grade.BAD, "PID 27"),
        (check_process(SESSION, replace(WELL, processes=(Process(39, 1, "T", "node"),))), Grade.BAD, "stands still"),
        (check_process(SESSION, replace(WELL, processes=(Process(39, 1, "D", "node"),))), Grade.LIMITED, "disk"),
        (check_address(WELL), Grade.OK, "127.0.0.1:3000"),
        (check_address(at("0.0.0.0", 3000)), Grade.OK, "0.0.0.0"),
        (check_address(at("::1", 3000)), Grade.OK, "[::1]:3000"),
        (check_address(at("::", 3000)), Grade.OK, "[::]:3000"),
        (check_address(at("127.0.0.2", 3000)), Grade.BAD, "127.0.0.2:3000"),
        (check_address(at("10.0.2.100", 3000)), Grade.BAD, "10.0.2.100"),
        (check_address(replace(WELL, listeners=())), Grade.BAD, "None"),
        (check_port(SESSION, None, WELL), Grade.OK, "3000"),
        (check_port(SESSION, 3000, WELL), Grade.OK, "3000"),
        (check_port(SESSION, 4000, WELL), Grade.LIMITED, "4000"),
        (check_port(SESSION, None, at("::", 5173)), Grade.BAD, "5173"),
        (check_port(SESSION, None, replace(WELL, listeners=())), Grade.UNKNOWN, ""),
        (check_node("", WELL), Grade.OK, "v20"),
        (check_node(">=18", WELL), Grade.OK, ">=18"),
        (check_node("^22", WELL), Grade.LIMITED, "^22"),
        (check_node("", replace(WELL, node="")), Grade.BAD, "none"),
        (check_install(WELL, 12), Grade.OK, "12"),
        (check_install(replace(WELL, is_installed=False), 0), Grade.OK, "none"),
        (check_install(replace(WELL, is_installed=False), 12), Grade.BAD, "node_modules"),
        (check_install(replace(WELL, missing=("react",)), 12), Grade.BAD, "react"),
        (check_memory(WELL), Grade.OK, "of"),
        (check_memory(replace(WELL, memory_used=920 * MB)), Grade.LIMITED, "of"),
        (check_memory(replace(WELL, memory_used=990 * MB)), Grade.BAD, "of"),
        (check_memory(replace(WELL, oom_kills=2)), Grade.BAD, "2"),
        (check_memory(replace(WELL, memory_total=None)), Grade.UNKNOWN, ""),
        (check_disk(WELL), Grade.OK, "free"),
        (check_disk(replace(WELL, disk_free=300 * MB)), Grade.LIMITED, "free"),
        (check_disk(replace(WELL, disk_free=0)), Grade.BAD, "0 MB"),
        (check_disk(replace(WELL, inodes_free=3)), Grade.BAD, "3 more files"),
        (check_disk(replace(WELL, disk_free=None)), Grade.UNKNOWN, ""),
        (check_clock(WELL, 1000.2, 0.1), Grade.OK, "agrees"),
        (check_clock(WELL, 1030.0, 0.1), Grade.LIMITED, "30 s behind"),
        (check_clock(WELL, 100.0, 0.1), Grade.BAD, "900 s ahead"),
        (check_clock(WELL, 1011.0, 3.0), Grade.OK, "agrees"),
        (check_clock(replace(WELL, now=None), 1.0, 0.1), Grade.UNKNOWN, ""),
        (check_lock(WELL, Framework.VITE), Grade.OK, "Next.js"),
        (check_lock(WELL, Framework.NEXT), Grade.OK, "none"),
        (check_lock(replace(WELL, locks=(("lock", "held"),)), Framework.NEXT), Grade.OK, "running"),
        (check_lock(replace(WELL, locks=(("lock", "free"),)), Framework.NEXT), Grade.OK, "free"),
        (check_lock(replace(WELL, locks=(("lock", "held"),), processes=()), Framework.NEXT), Grade.LIMITED, "held"),
        (check_lock(replace(WELL, locks=(("lock", "free"),), processes=()), Framework.NEXT), Grade.LIMITED, "behind"),
    ],
)  # fmt: skip
def test_what_a_look_means(check: Check, grade: Grade, words: str) -> None:
    assert check.grade is grade and words in check.detail, check
    assert bool(check.remedy) is (grade in (Grade.BAD, Grade.LIMITED))


def test_what_a_click_mends() -> None:
    assert check_install(replace(WELL, missing=("react",)), 12).action is Action.REINSTALL
    assert check_disk(replace(WELL, disk_free=0)).action is Action.RESTART_CLEAN
    left = check_lock(replace(WELL, locks=(("lock", "free"),), processes=()), Framework.NEXT)
    assert left.action is Action.RESTART_CLEAN
