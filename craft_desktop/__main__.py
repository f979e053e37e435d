"""One door: the window, or a command."""

import gc
import importlib
import os
import sys
from pathlib import Path

from craft_desktop.control import usage
from craft_desktop.paths import find_paths


def _is_place(argument: str) -> bool:
    # A bare word that is no folder here is a command, or a slip of the pen that the command line tells.
    return argument not in usage.COMMANDS and (os.sep in argument or Path(argument).exists())


def main() -> None:
    """Start the program and end the process with its exit code."""
    arguments = sys.argv[1:]
    # Each late, so that a window waits for no command, and the command line starts without Qt and runs where Qt cannot.
    if arguments and not all(_is_place(argument) for argument in arguments):
        code = importlib.import_module("craft_desktop.control.cli").run(arguments, find_paths())
    else:
        # What is imported stays; looking for garbage in it took a twentieth of the start. `ui.pauses` begins with that.
        gc.disable()
        app = importlib.import_module("craft_desktop.ui.app")
        code = app.run([Path(argument) for argument in arguments], find_paths())
    sys.stdout.flush()
    sys.stderr.flush()
    # The e2b client's HTTP library may abort in the interpreter's own tear-down (measured, one run in ten); by now
    # everything of ours is closed.
    os._exit(code)


if __name__ == "__main__":
    main()
