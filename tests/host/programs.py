"""Programs that tests put in the place of real ones."""

import socket
from pathlib import Path

import pytest


def program(path: Path, text: str) -> Path:
    """A shell script at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def own_address() -> str:
    """An address of this computer that is not its loopback's; without one a test is skipped."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # TEST-NET-1: nothing is sent, the kernel only chooses
        except OSError as error:
            pytest.skip(f"this computer has no network: {error}")
        return str(asking.getsockname()[0])
