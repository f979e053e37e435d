"""Starting a process with pipes or with a terminal."""

import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

InChild = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Spawned:
    """A started process and this side of its descriptors, all non-blocking; the receiver closes them.

    `outputs` names what is read: `stdout`, `stderr` or `pty`. `terminal` is among them when there is one.
    """

    pid: int
    stdin: int | None
    terminal: int | None
    outputs: Mapping[int, str]


def spawn_with_pipes(
    argv: Sequence[str], env: Mapping[str, str], cwd: str, *, stdin: bool, in_child: InChild | None = None
) -> Spawned:
    """Start `argv`; without `stdin` its standard input is `/dev/null`.

    :param in_child: called in the child before it becomes `argv`.
    :raises OSError: it cannot be executed.
    :raises ValueError: an argument or a variable holds a NUL, or a name holds `=`.
    """
    theirs: list[int] = []
    ours: list[int] = []
    try:
        if stdin:
            their_in, our_in = os.pipe()
            theirs.append(their_in)
            ours.append(our_in)
        out, their_out = os.pipe()
        theirs.append(their_out)
        ours.append(out)
        err, their_err = os.pipe()
        theirs.append(their_err)
        ours.append(err)
        pid = _start(argv, env, cwd, their_in if stdin else subprocess.DEVNULL, their_out, their_err, in_child)
    except BaseException:  # nothing may leak, whatever went wrong
        for descriptor in ours:
            os.close(descriptor)
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    for descriptor in ours:
        os.set_blocking(descriptor, False)
    return Spawned(pid, our_in if stdin else None, None, {out: "stdout", err: "stderr"})


def spawn_with_terminal(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    columns: int,
    rows: int,
    *,
    in_child: InChild | None = None,
) -> Spawned:
    """Start `argv` as the leader of a session on a new terminal.

    :raises OSError: it cannot be executed, or there is no terminal left.
    :raises ValueError: as in `spawn_with_pipes`.
    """
    ours, theirs = os.openpty()
    try:
        resize(ours, columns, rows)

        def take_terminal_and_go_on() -> None:
            _take_terminal()
            if in_child is not None:
                in_child()

        pid = _start(argv, env, cwd, theirs, theirs, theirs, take_terminal_and_go_on, leads_session=True)
    except BaseException:  # nothing may leak, whatever went wrong
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    os.set_blocking(ours, False)
    return Spawned(pid, None, ours, {ours: "pty"})


def resize(terminal: int, columns: int, rows: int) -> None:
    """Set a terminal's size; its processes get SIGWINCH."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows & 0xFFFF, columns & 0xFFFF, 0, 0))


def _take_terminal() -> None:
    """Make standard input the controlling terminal; runs in the child, a session leader by then."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _start(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    stdin: int,
    stdout: int,
    stderr: int,
    in_child: InChild | None,
    *,
    leads_session: bool = False,
) -> int:
    # Only a terminal and the user root need Python in the child; without that the interpreter uses vfork. E2B makes
    # no session or group of its own for anything but a terminal, nor is one made here.
    try:
        started = subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            preexec_fn=in_child,
            start_new_session=leads_session,
        )
    except subprocess.SubprocessError as error:  # what failed in the child, without its words
        raise OSError(f"the child could not be prepared: {error}") from error
    # The table reaps every child by waitpid(-1); this object must not wait for the same one.
    started.returncode = 0
    pid: int = started.pid
    return pid
