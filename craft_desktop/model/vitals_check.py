"""What a look into a sandbox means: its processes and ports, its packages, its room, its clock. Pure."""

from craft_desktop.model.checkup import MOST_NAMED, NAMES, fine, found, listed, unknown
from craft_desktop.model.errors import Action
from craft_desktop.model.node_range import fits
from craft_desktop.model.report import Check, Grade
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Session
from craft_desktop.model.vitals import Vitals

# Below this a framework's next compile may fail: the cache of one is some 200 MB.
DISK_BAD_BYTES, DISK_LOW_BYTES = 64 * 1024 * 1024, 512 * 1024 * 1024
# Beyond it the kernel soon ends a process.
MEMORY_BAD, MEMORY_LOW = 0.97, 0.90
# Tokens are good for a few seconds before and after (RFC 7519 leaves "a few minutes"); certificates for longer.
CLOCK_LOW_S, CLOCK_BAD_S = 10.0, 120.0
# The addresses that the way into a sandbox leads to (`host/envd/listeners.py`; E2B forwards to the same).
_REACHED = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::"})


def check_process(session: Session, vitals: Vitals) -> Check:
    """Is the dev server's process there, and does it move?"""
    pids = {process.pid: process for process in vitals.processes}
    if not pids:
        detail = f"None of its processes is there; it began as PID {session.pid}."
        return found("process", Grade.BAD, detail, "Restart the dev server.", Action.RESTART)
    halted = [process for process in vitals.processes if process.state == "T"]
    if halted:
        detail = f"PID {halted[0].pid} stands still (state T): {halted[0].command}"
        return found("process", Grade.BAD, detail, "Restart the dev server.", Action.RESTART)
    stuck = [process for process in vitals.processes if process.state == "D"]
    count = len(pids)
    words = f"{count} process{'' if count == 1 else 'es'}, PID {min(pids)}"
    if stuck:
        return found("process", Grade.LIMITED, f"{words}; PID {stuck[0].pid} waits for the disk.", "Look again.")
    return fine("process", f"{words}, {_size(sum(each.memory_bytes for each in vitals.processes))}.")


def check_address(vitals: Vitals) -> Check:
    """Does the dev server listen where the preview can reach it?"""
    if not vitals.listeners:
        return found(
            "address",
            Grade.BAD,
            "None of its processes listens.",
            "The dev script runs, but serves nothing: look at the Dev server log, then restart.",
            Action.RESTART,
        )
    reached = [each for each in vitals.listeners if each.address in _REACHED]
    if not reached:
        each = vitals.listeners[0]
        return found(
            "address",
            Grade.BAD,
            f"It listens at {_at(each.address, each.port)} alone, which the preview does not reach.",
            "Let it listen at 127.0.0.1 or 0.0.0.0: take the host out of the dev script or of its configuration.",
            Action.RESTART,
        )
    return fine("address", ", ".join(_at(each.address, each.port) for each in reached[:MOST_NAMED]))


def check_port(session: Session, declared: int | None, vitals: Vitals) -> Check:
    """Is the page at the port where it is looked for?"""
    ports = [each.port for each in vitals.listeners]
    expected = session.port
    if expected is None or not ports:
        return unknown("port", NAMES["port"], "Nothing listens yet.")
    if expected not in ports:
        named = ", ".join(str(port) for port in ports[:MOST_NAMED])
        return found(
            "port",
            Grade.BAD,
            f"Nothing listens at {expected}; found: {named}.",
            "Restart, so that the port is looked for again.",
            Action.RESTART,
        )
    if declared is not None and declared != expected:
        detail = f"The dev script names {declared}; the page is served at {expected}."
        return found("port", Grade.LIMITED, detail, "If that is not the page, restart.", Action.RESTART)
    return fine("port", f"{expected}, as expected.")


def check_node(wanted: str, vitals: Vitals) -> Check:
    """Is the sandbox's Node.js one that the project wants?"""
    if not vitals.node:
        return found(
            "node", Grade.BAD, "There is none in the sandbox.", "Choose another template.", Action.OPEN_SETTINGS
        )
    if wanted and not fits(wanted, vitals.node):
        return found(
            "node",
            Grade.LIMITED,
            f"The project names {wanted}; the sandbox has {vitals.node}.",
            "Install that version on this computer, or choose a template with it.",
            Action.OPEN_SETTINGS,
        )
    return fine("node", f"{vitals.node}{f', within {wanted}' if wanted else ''}.")


def check_install(vitals: Vitals, dependencies: int) -> Check:
    """Is each package there that package.json names?"""
    if not dependencies:
        return fine("install", "package.json names none.")
    if not vitals.is_installed:
        return found(
            "install",
            Grade.BAD,
            f"There is no node_modules, and package.json names {dependencies} packages.",
            "Install the dependencies.",
            Action.REINSTALL,
        )
    if vitals.missing:
        return found(
            "install",
            Grade.BAD,
            f"Not installed: {listed(vitals.missing)}.",
            "Install the dependencies again. NODE_ENV=production as a variable leaves out devDependencies.",
            Action.REINSTALL,
        )
    return fine("install", f"All {dependencies} that package.json names.")


def check_memory(vitals: Vitals) -> Check:
    """Is there memory left?"""
    if vitals.oom_kills:
        detail = f"The system ended {vitals.oom_kills} of the sandbox’s processes for want of memory."
        remedy = "Close other previews, or choose a template with more memory; then restart."
        return found("memory", Grade.BAD, detail, remedy, Action.RESTART)
    if vitals.memory_total is None or vitals.memory_used is None or vitals.memory_total == 0:
        return unknown("memory", NAMES["memory"], "The sandbox does not tell.")
    share = vitals.memory_used / vitals.memory_total
    detail = f"{_size(vitals.memory_used)} of {_size(vitals.memory_total)} used."
    if share >= MEMORY_LOW:
        grade = Grade.BAD if share >= MEMORY_BAD else Grade.LIMITED
        remedy = "Close other programs or previews; on E2B choose a template with more memory."
        return found("memory", grade, detail, remedy)
    return fine("memory", detail)


def check_disk(vitals: Vitals) -> Check:
    """Is there room left on the sandbox's disk?"""
    free, total = vitals.disk_free, vitals.disk_total
    if free is None or total is None:
        return unknown("disk", NAMES["disk"], "The sandbox does not tell.")
    detail = f"{_size(free)} of {_size(total)} free."
    remedy = "Make room on the disk; a clean restart frees what the framework’s cache takes."
    if vitals.inodes_free is not None and vitals.inodes_total and vitals.inodes_free < 1000:
        detail = f"Only {vitals.inodes_free} more files may be made, though {detail}"
        return found("disk", Grade.BAD, detail, remedy, Action.RESTART_CLEAN)
    if free < DISK_LOW_BYTES:
        grade = Grade.BAD if free < DISK_BAD_BYTES else Grade.LIMITED
        return found("disk", grade, detail, remedy, Action.RESTART_CLEAN)
    return fine("disk", detail)


def check_clock(vitals: Vitals, here: float, leeway_s: float) -> Check:
    """Do this computer and the sandbox agree on the time?

    :param here: this computer's time in the middle of the look; `leeway_s` how long it took.
    """
    if vitals.now is None:
        return unknown("clock", NAMES["clock"], "The sandbox does not tell.")
    off = vitals.now - here
    if abs(off) <= CLOCK_LOW_S + leeway_s:
        return fine("clock", "The sandbox agrees with this computer.")
    detail = f"The sandbox’s is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} this computer’s."
    grade = Grade.BAD if abs(off) > CLOCK_BAD_S + leeway_s else Grade.LIMITED
    remedy = "Log-ins and certificates may fail. Correct this computer’s clock, or stop and start the project."
    return found("clock", grade, detail, remedy)


def check_lock(vitals: Vitals, framework: Framework) -> Check:
    """Does somebody else hold Next.js's lock?"""
    if framework is not Framework.NEXT:
        return fine("lock", "Only Next.js has one.")
    if not vitals.locks:
        return fine("lock", "There is none.")
    path, state = vitals.locks[0]
    if state == "held" and vitals.processes:
        return fine("lock", "The running dev server holds it.")
    if state == "held":
        detail = f"{path} is held, and not by the dev server."
    elif vitals.processes:
        return fine("lock", f"{path} is free.")
    else:
        detail = f"{path} was left behind; nothing holds it."
    remedy = "Restart clean: it ends what is left and deletes .next with its lock."
    return found("lock", Grade.LIMITED, detail, remedy, Action.RESTART_CLEAN)


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _size(size_bytes: int) -> str:
    if size_bytes < 10_000_000_000:
        return f"{size_bytes / 1_000_000:.0f} MB"
    return f"{size_bytes / 1_000_000_000:.0f} GB"
