"""A machine in a folder: the packaging scripts run on it with a PATH that holds nothing but fakes and plain tools.

Faked is what belongs to the system and the network: dpkg, apt, sudo, the person's identity, Python's installers,
Node.js. The shell, its tools and the lock are real.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
TOOLS = (
    "bash",
    "dirname",
    "env",
    "find",
    "flock",
    "head",
    "mktemp",
    "mv",
    "rm",
    "mkdir",
    "cp",
    "sort",
    "tail",
    "tr",
    "cat",
    "true",
)

# Installs what it is asked for: dpkg-query reads the list that apt-get writes.
DPKG_QUERY = """
here=$(cat "$FAKE/installed")
for name in "$@"; do
  [[ $here == all || " $here " == *" $name "* ]] && printf ' %s=installed ' "$name"
done
exit 1
"""
APT_GET = """
[ -e "$FAKE/apt-fails" ] && echo 'E: no network' && exit 100
[[ " $* " == *" install "* ]] && printf ' %s' "$@" >>"$FAKE/installed"
exit 0
"""
APT_CACHE = 'echo "  Candidate: $([ -e "$FAKE/known-$2" ] && echo 1.0 || echo "(none)")"'
SUDO = '[ -e "$FAKE/sudo-asks" ] && exit 1; shift; exec "$@"'
PYTHON = """
case "$*" in
  *"-m venv"*) mkdir -p "${@: -1}/bin"; rm -f "${@: -1}/bin/python"; cp "$0" "${@: -1}/bin/python" ;;
  *"-m pip"*) if [ -p "$FAKE/pip-begins" ]; then echo >"$FAKE/pip-begins"; cat "$FAKE/pip-ends"; fi
    [ -e "$FAKE/pip-is-killed" ] && kill -9 $PPID
    [ -e "$FAKE/pip-fails" ] && echo 'ERROR: no network' >&2 && exit 1; exit 0 ;;
  *"-m pytest"*) echo '1 passed'; exit "$(cat "$FAKE/pytest-ends" 2>/dev/null || echo 0)" ;;
  *"-m ruff"*|*"-m mypy"*) [ ! -e "$FAKE/checks-fail" ] ;;
  *"import ensurepip"*) [ ! -e "$FAKE/no-ensurepip" ] ;;
  *"sys.version_info < "*) [ ! -e "$FAKE/old-${0##*/}" ] ;;
  --version) echo Python 3.9.2 ;;
  *main.py*) exit 7 ;;
  *) exec "$REAL_PYTHON" "$@" ;;
esac
"""


class FakeMachine:
    """A checkout on a Debian machine with everything installed but the .venv; root sits before it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "check out"  # a space: paths with one must work
        self.bin = folder / "bin"
        self.facts = folder / "facts"
        for made in (self.root, self.bin, self.facts):
            made.mkdir()
        shutil.copytree(CHECKOUT / "packaging", self.root / "packaging")
        for name in ("pyproject.toml", "main.py"):
            (self.root / name).write_text(name)
        for name in TOOLS:
            found = shutil.which(name)
            assert found is not None, name
            (self.bin / name).symlink_to(found)
        self.put("dpkg-query", DPKG_QUERY)
        self.put("dpkg", "exit 0")
        self.put("apt-get", APT_GET)
        self.put("apt-cache", APT_CACHE)
        self.put("sudo", SUDO)
        self.put("id", 'if [ "$1" = -u ]; then cat "$FAKE/uid"; else echo someone; fi')
        self.put("python3", PYTHON)
        self.put("node", "echo v20.9.0")
        self.put("npm", "exit 0")
        self.put("xvfb-run", 'while [[ $1 == --* ]]; do shift; done; exec "$@"')
        self.set("installed", "all")
        self.set("uid", "0")

    def put(self, name: str, body: str) -> None:
        """Install a command that notes its call and then does as told."""
        path = self.bin / name
        path.write_text(f'#!{shutil.which("bash")}\nprintf \'%s\\n\' "${{0##*/}} $*" >>"$FAKE/calls"\n{body}\n')
        path.chmod(0o755)

    def set(self, fact: str, text: str = "") -> None:
        """Make a fact true for the fakes."""
        (self.facts / fact).write_text(text)

    def unset(self, fact: str) -> None:
        """Make it false again."""
        (self.facts / fact).unlink()

    def start(self, script: str, *arguments: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start a script of packaging/ from a folder that is not the checkout, `before` it what runs it."""
        return subprocess.Popen(
            [*before, self.root / "packaging" / script, *arguments],
            cwd=self.facts,
            env={"PATH": str(self.bin), "FAKE": str(self.facts), "REAL_PYTHON": sys.executable, "HOME": os.devnull},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, *arguments: str, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        with self.start(script, *arguments, before=before) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess([script, *arguments], process.returncode, out, err)

    def calls(self, *words: str) -> list[str]:
        """Tell the calls so far that hold all these words."""
        path = self.facts / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if all(word in line for word in words)]

    @property
    def stamp(self) -> Path:
        """The mark of a finished set-up."""
        return self.root / ".venv" / ".set-up"
