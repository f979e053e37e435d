#!/usr/bin/env bash
# Sets up whatever is missing, then checks the code and runs every test on a screen in memory. Arguments go to
# pytest: `packaging/test.sh -q tests/model`. Ends in pytest's own closing lines and with its exit code; where
# the tests pass and a check before them failed, it says so and ends with 1.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
set_up test
cd "$root"

failed=()
for check in 'ruff check' 'ruff format --check' mypy; do
  echo "$check"
  "$venv_python" -m $check || failed+=("$check")
done

# The whole suite waits as much as it works: two processes share it (tests/turns.py). A part of it, named by a path, is
# quicker in one.
shared=(-p tests.turns -n 2 --dist loadfile)
for argument in "$@"; do
  if [ -e "${argument%%::*}" ]; then
    shared=()
  fi
done

# 1600x1000: room for the window at its usual size. The person's own desktop is left alone.
unset WAYLAND_DISPLAY
status=0
xvfb-run --auto-servernum --server-args='-screen 0 1600x1000x24' "$venv_python" -m pytest "${shared[@]}" "$@" || status=$?
if [ "$status" = 0 ] && [ ${#failed[@]} -gt 0 ]; then
  echo "The tests passed; these checks did not:$(printf ' [%s]' "${failed[@]}")" >&2
  status=1
fi
exit "$status"
