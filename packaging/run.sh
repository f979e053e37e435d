#!/usr/bin/env bash
# Sets up whatever is missing, then opens the window. Arguments go to the program: `packaging/run.sh my-project`,
# `packaging/run.sh preview my-project --json`. What the set-up says goes to standard error.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
set_up run
exec "$venv_python" "$root/main.py" "$@"
