"""A test is skipped for what this computer lacks, never for what the program fails to find: each is asked by itself."""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

# Version 1's trees, which root may write; where there is version 2 alone, a session manager has a say in it.
GROUPS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup/pids"))
TRIAL_LIMIT_S = 10  # it takes some ms


@functools.cache
def can_wall() -> bool:
    """Can bubblewrap put a program into namespaces of its own?"""
    return _runs("bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--dev-bind", "/", "/", "true")


@functools.cache
def can_connect() -> bool:
    """Can a sandbox have a network of its own?"""
    return can_wall() and shutil.which("slirp4netns") is not None and _runs("unshare", "--user", "--net", "true")


@functools.cache
def can_group() -> bool:
    """Can memory and processes be bounded?"""
    return os.geteuid() == 0 and all(os.access(each, os.W_OK) for each in GROUPS)


def skip_unless(can: Callable[[], bool], reason: str) -> NoReturn:
    """Skip a test for a reason that the program gives; it fails where this computer `can`."""
    assert not can(), f"this computer can, and the program found that it cannot: {reason}"
    pytest.skip(reason)


def _runs(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, timeout=TRIAL_LIMIT_S, check=False).returncode == 0
