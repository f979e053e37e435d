"""One door: the window, or a command."""

import importlib
import os
import sys
from pathlib import Path

from craft_desktop.control import cli
from craft_desktop.paths import find_paths


def main() -> None:
    """Start the program and end the process with its exit code."""
    arguments = sys.argv[1:]
    if arguments and (arguments[0] in cli.COMMANDS or arguments[0].startswith("-")):
        code = cli.run(arguments, find_paths())
    else:
        # Late, so that the command line starts without Qt and runs where Qt cannot.
        app = importlib.import_module("craft_desktop.ui.app")
        code = app.run([Path(argument) for argument in arguments], find_paths())
    sys.stdout.flush()
    sys.stderr.flush()
    # The e2b client's HTTP library may abort in the interpreter's own tear-down (measured, one run in ten); by now
    # everything of ours is closed.
    os._exit(code)


if __name__ == "__main__":
    main()
