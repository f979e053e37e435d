# What run.sh and test.sh share: find what this machine lacks, say so, install it. Sourced, never run.
#
# set_up run|test   leaves a .venv with all that pyproject.toml pins, and the system packages listed below.
#
# Three laws. Nothing is asked. Standard output belongs to the program that follows (its --json is one object a
# line), so every word from here goes to standard error. The stamp in .venv is written last and names what it
# vouches for: whatever it does not name is done again, so a set-up may be stopped anywhere.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv_python=$root/.venv/bin/python
stamp=$root/.venv/.set-up     # two lines: the key of the finished set-up, and the extras it holds
begun=$root/.venv/.unfinished # there while packages are written; found later, they are half written

# Each row: a Debian package (with a comma, its names on different releases; with "?", one the program can do
# without), the command that shows it where there is no dpkg ("-": a library, which check.py tries), and why.
# What Qt links beyond these comes along with them; shown on bare Debian 12 and 13.
run_needs='
ca-certificates              -                     trust for downloads over https
libegl1                      -                     the window: drawing
libgl1                       -                     the window: drawing
libgbm1                      -                     the page: drawing
libfontconfig1               -                     the window: fonts, and one family of them
libglib2.0-0,libglib2.0-0t64 -                     the window: main loop
libdbus-1-3                  -                     the window: talks to the desktop
libxkbcommon0                -                     the window: keyboard
libxkbcommon-x11-0           -                     the window on X11: keyboard
libxcb-keysyms1              -                     the window on X11: keyboard
libxcb-cursor0               -                     the window on X11: pointer
libxcb-icccm4                -                     the window on X11: title and icon
libxcb-shape0                -                     the window on X11: shapes
libnss3                      -                     the page: certificates
libgssapi-krb5-2             -                     the page: log-in with Kerberos, which Qt links
libasound2,libasound2t64     -                     the page: sound
libxcomposite1               -                     the page: screen
libxfixes3                   -                     the page: screen
libxdamage1                  -                     the page: screen
libxrandr2                   -                     the page: screen
libxtst6                     -                     the page: screen
libxkbfile1                  -                     the page: keyboard
bubblewrap?                  bwrap                 keeps each project in a jail of its own
slirp4netns?                 slirp4netns           gives each project a network of its own
'
test_needs='
xvfb                         xvfb-run              a screen in memory for the window under test
xauth                        xauth                 lets the tests, and nobody else, onto that screen
xdotool                      xdotool               real clicks and keys
evilwm                       evilwm                a window manager: keys go to the window in front, sizes are kept
git                          git                   the original, to which ignore rules are compared
procps                       ps                    shows what a test left running
dbus                         dbus-run-session      a session bus of the tests own
gnome-keyring                gnome-keyring-daemon  a real secret store for the key
vim                          vim                   an editor whose way of saving is followed
'

say() { printf '%s\n' "$@" >&2; }

fail() {
  say "$@"
  exit 1
}

# Prints the rows ("names why") that this machine lacks; one question to dpkg, for this runs at every start.
list_missing() {
  local rows=$run_needs installed='' names command why name
  [ "$1" = run ] || rows+=$test_needs
  if command -v dpkg-query >/dev/null; then
    while read -r names _; do installed+=" ${names//[,?]/ }"; done <<<"$rows"
    # It fails when one name is unknown, and lists the others all the same.
    installed=$(dpkg-query -W -f ' ${Package}=${db:Status-Status} ' $installed 2>/dev/null) || true
    while read -r names _ why; do
      for name in ${names//[,?]/ }; do
        [[ $installed == *" $name=installed "* ]] && continue 2
      done
      [ -z "$names" ] || printf '%s %s\n' "$names" "$why"
    done <<<"$rows"
  else
    while read -r names command why; do
      [ "${command:--}" = - ] || command -v "$command" >/dev/null || printf '%s %s\n' "$names" "$why"
    done <<<"$rows"
  fi
}

# Next.js 16 needs Node.js 20.9; Debian 12 has 18. A node without npm beside it installs nothing.
has_node() {
  command -v npm >/dev/null && [[ $(node --version 2>/dev/null) =~ ^v([0-9]+)\.([0-9]+) ]] || return 1
  ((BASH_REMATCH[1] > 20 || (BASH_REMATCH[1] == 20 && BASH_REMATCH[2] >= 9)))
}

# Sets `missing` and `wanted` (extras); true if there is nothing to do.
look() {
  local key held extra
  missing=$(list_missing "$1")
  wanted=
  [ "$1" = run ] || wanted+=' dev'
  has_node || wanted+=' node'
  [ -z "$missing" ] && [ ! -e "$begun" ] && { read -r key && read -r held; } 2>/dev/null <"$stamp" || return 1
  [ "$key" = "$(make_key)" ] || return 1
  for extra in $wanted; do
    [[ " $held " == *" $extra "* ]] || return 1
  done
}

# What the packages in .venv depend on: Python's minor version, the pins, and the folder (written into scripts).
make_key() {
  "$venv_python" -I -S -c 'import hashlib, pathlib, sys
pins = hashlib.sha256(pathlib.Path(sys.argv[1], "pyproject.toml").read_bytes()).hexdigest()
print("%d.%d" % sys.version_info[:2], pins, sys.argv[1])' "$root" 2>/dev/null
}

# Prints a Python that the program runs on: the system's first, then any newer one.
find_python() {
  local name
  for name in python3 python3.11 python3.12 python3.13 python3.14; do
    "$name" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    command -v "$name"
    return
  done
  fail "Craft Desktop needs Python 3.11 or newer; python3 here is $(python3 --version 2>&1 || true)." \
    "Install one (Debian 12 and Ubuntu 24.04: apt-get install python3 python3-venv; others: python.org)," \
    "so that python3 or python3.11 starts it, then run this again."
}

# True for a .venv to build upon: whole, new enough, and made in this very folder.
is_sound() {
  [ ! -e "$begun" ] || return 1
  [ ! -s "$stamp" ] || [[ $(head -n 1 "$stamp") == *" $root" ]] || return 1
  "$venv_python" -I -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Sets `admin`, the words before a command that changes the system; false without apt, or where a password is asked.
may_install() {
  command -v apt-get >/dev/null || return 1
  admin=(env)
  [ "$(id -u)" = 0 ] && return
  admin=(sudo -n env)
  command -v sudo >/dev/null && sudo -n true 2>/dev/null
}

# The one of a package's names that this release has; the first, if nothing tells.
choose_name() {
  local name
  if [[ $1 == *,* ]]; then
    for name in ${1//,/ }; do
      [[ $(LC_ALL=C apt-cache policy "$name" 2>/dev/null) == *"Candidate: "[^\(]* ]] && break
      name=${1%%,*}
    done
  fi
  printf '%s\n' "${name:-${1%\?}}"
}

# Fd 9 is the lock of this set-up: a service that a package starts must not keep it.
change_system() { "${admin[@]}" DEBIAN_FRONTEND=noninteractive "$@" </dev/null >>"$log" 2>&1 9>&-; }

install_packages() {
  local names why packages=() is_needed='' log
  if ! may_install; then
    say 'These are missing, and cannot be installed from here (no apt-get, or no right to use it):'
    while read -r names why; do
      [[ $names == *\? ]] || is_needed=yes
      packages+=("$(choose_name "$names")")
      say "  $(printf '%-20s' "${packages[-1]}") $why"
    done <<<"$1"
    if command -v apt-get >/dev/null; then
      say 'Have them installed with this command, as root:' \
        "  apt-get install --no-install-recommends ${packages[*]}"
    else
      say "Have them installed by this system's own means; the names are Debian's."
    fi
    [ -z "$is_needed" ] || fail 'Then run this again.'
    say 'Going on without.'
    return
  fi
  say 'Installing system packages (apt-get):'
  log=$(mktemp)
  # A package half installed by an earlier run that was stopped; lists that are absent or old.
  change_system dpkg --configure -a || true
  change_system apt-get update || say 'The package lists could not be renewed; trying with those at hand.'
  while read -r names why; do
    packages+=("$(choose_name "$names")")
    say "  $(printf '%-20s' "${packages[-1]}") $why"
  done <<<"$1"
  # 600 s: as long as an automatic upgrade in the background may hold the lock of dpkg.
  if ! change_system apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "${packages[@]}"; then
    tail -n 20 "$log" >&2
    fail "apt-get failed (above; the whole of it: $log)." 'Mend that, or the network, then run this again.'
  fi
  rm -f "$log"
}

make_venv() {
  say "Making .venv with $1: the program's packages, apart from the system's"
  # The mark first: a removal that is stopped half way must not pass for a whole .venv either.
  { mkdir -p "$root/.venv" && : >"$begun" &&
    find "$root/.venv/" -mindepth 1 -maxdepth 1 ! -name "${begun##*/}" -exec rm -rf {} + &&
    "$1" -m venv "$root/.venv"; } >&2 ||
    fail "No .venv could be made in $root (above)." 'Mend that, then run this again.'
}

install_python_packages() {
  local extras=$1 quiet=--quiet
  [ -t 2 ] && quiet=
  say 'Installing into .venv what pyproject.toml pins: the window, the page in it, the sandbox client (some 260 MB)'
  [[ $extras != *node* ]] || say '  and Node.js from PyPI: there is none here, or one older than 20.9; it runs the projects'
  [[ $extras != *dev* ]] || say '  and pytest, mypy, ruff: they check the program'
  extras=${extras# }
  : >"$begun"
  "$venv_python" -m pip --disable-pip-version-check --no-input install $quiet \
    -e "$root${extras:+[${extras// /,}]}" >&2 ||
    fail 'pip failed (above).' 'Mend that, or the network, then run this again.'
  rm -f "$begun"
}

set_up() {
  local missing wanted held='' python='' package place admin
  look "$1" && return
  # The folder itself is the lock: nothing to leave behind, and the kernel frees it whatever happens.
  exec 9<"$root"
  if command -v flock >/dev/null && ! flock -n 9; then
    say 'Another set-up is at work in this folder; waiting for it.'
    flock 9
    look "$1" && exec 9<&- && return
  fi
  [ -e "$root/.venv" ] && place=$root/.venv || place=$root
  [ -w "$place" ] || fail "$(id -un) may not write to $place, where the program's packages belong." \
    "Run this as the owner of $root, or copy that folder to a place of your own."
  if ! is_sound; then
    python=$(find_python)
    if ! "$python" -I -c 'import ensurepip, venv' 2>/dev/null; then
      package=$("$python" -I -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
      missing+=${missing:+$'\n'}"$package makes the .venv"
    fi
  fi
  [ -z "$missing" ] || install_packages "$missing"
  [ -z "$python" ] || make_venv "$python"
  # What an earlier set-up added stays: run.sh does not take from test.sh.
  [ ! -s "$stamp" ] || held=$(tail -n 1 "$stamp")
  wanted=$(printf '%s\n' $wanted $held | sort -u | tr '\n' ' ')
  wanted=${wanted% }
  if [ "$(head -n 1 "$stamp" 2>/dev/null) $held" != "$(make_key) $wanted" ]; then
    install_python_packages "$wanted"
    "$venv_python" "$root/packaging/check.py" --libraries >&2 || exit 1
    printf '%s\n' "$(make_key)" "$wanted" >"$stamp.new"
    mv "$stamp.new" "$stamp"
  fi
  exec 9<&-
}
