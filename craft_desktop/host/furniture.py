"""The files that a jail does not take from this machine: its /etc, and commands that stand for scripts."""

import shlex
import shutil
from pathlib import Path

from craft_desktop.host import setfattr
from craft_desktop.host.isolation import GROUP, NSSWITCH, PASSWD, SYSTEM_PATH
from craft_desktop.host.machine import Machine
from craft_desktop.host.namespaces import resolver

# E2B's user may become root without a word. A sandbox here has one user, who may do in it whatever can be done, and the
# system's own sudo gains nothing within these walls but an error; so this one runs the command as it is. Where there
# are no walls it keeps a project from using the person's own right. Read: the options of sudo(8) that take a word
# (those of a session only check or forget a password, which there is none of), variables, the command.
_SUDO = """#!/bin/sh
login=
while [ $# -gt 0 ]; do
  case "$1" in
    --) shift; break ;;
    -V|-v|-k|-K|-l|--version|--validate|--list|--reset-timestamp|--remove-timestamp)
      [ $# -gt 1 ] || exit 0
      shift ;;
    -u|-g|-p|-C|-D|-h|-R|-r|-t|-T|-U|--user|--group|--prompt|--chdir|--host|--role|--type)
      shift
      [ $# -gt 0 ] && shift ;;
    -i|-s|--login|--shell) login=1; shift ;;
    -*) shift ;;
    [A-Za-z_]*=*) export "$1"; shift ;;
    *) break ;;
  esac
done
export SUDO_USER="${USER:-user}" SUDO_UID="$(id -u)" SUDO_GID="$(id -g)"
if [ $# -gt 0 ]; then exec "$@"; fi
if [ -n "$login" ]; then exec /bin/bash -l; fi
echo "usage: sudo [options] [NAME=value] command" >&2
exit 1
"""


def write_etc(folder: Path, machine: Machine) -> None:
    """Write the files of /etc; `resolv.conf` is for sandboxes with a network of their own."""
    texts = {
        "passwd": PASSWD,
        "group": GROUP,
        "nsswitch.conf": NSSWITCH,
        "hosts": machine.hosts,
        "resolv.conf": resolver(machine.resolver),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)


def write_tools(folder: Path, machine: Machine) -> None:
    """Write the commands that stand for Node.js's scripts, and those of E2B's template that do not work here."""
    python = shlex.quote(str(machine.python.path))
    source = shlex.quote(Path(setfattr.__file__).read_text())
    own = "[ -x /usr/bin/setfattr ] && exec /usr/bin/setfattr"
    _write_tool(folder / "sudo", _SUDO)
    _write_tool(folder / "setfattr", f'#!/bin/sh\n{own} "$@"\nexec {python} -I -c {source} "$@"\n')
    if shutil.which("python", path=SYSTEM_PATH) is None:  # Debian and its kin have `python3` alone, E2B's image both
        _write_tool(folder / "python", '#!/bin/sh\nexec python3 "$@"\n')
    for name, script in machine.scripts.items():
        assert machine.node is not None  # scripts are Node.js's own
        node = shlex.quote(str(machine.node.path))
        _write_tool(folder / name, f'#!/bin/sh\nexec {node} {shlex.quote(str(script))} "$@"\n')


def _write_tool(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
