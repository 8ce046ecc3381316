#!/bin/sh
# Makes the peers' Python environment: `bench/peers/setup.sh [--with-infinity] [DIR]` (default ~/.cache/attune/bench/peers), about
# 7 GB, because PyTorch as pip installs it brings CUDA along. Also installs Debian's tcmalloc (root needed; else it says the line to
# run). --with-infinity: another 6 GB beside it, for bench/serve_beside.py. What is there already is not touched: the second call
# does nothing. Prints the environment's python as its last line.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
with_infinity=0
[ "${1:-}" != --with-infinity ] || { with_infinity=1; shift; }
case "${1:-}" in -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;; -*) echo "setup.sh: unknown option '$1'; usage: setup.sh [--with-infinity] [DIR]" >&2; exit 2 ;; esac
[ $# -le 1 ] || { echo "setup.sh takes one folder, not $#" >&2; exit 2; }
dir=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/attune/bench/peers}

if ! dpkg-query -W -f='${Status}' libtcmalloc-minimal4 2>/dev/null | grep -q 'ok installed'; then
  if [ "$(id -u)" = 0 ]; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libtcmalloc-minimal4 >/dev/null; } ||
      echo "LEFT OUT: libtcmalloc-minimal4 could not be installed; the tuned PyTorch loops need it" >&2
  else
    echo "Without tcmalloc the tuned PyTorch loops are left out. To have them:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y libtcmalloc-minimal4" >&2
  fi
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup.sh needs Python 3.11 or newer" >&2; exit 1; }

# install DIR FILE: an environment with the file's packages. One mark a line, so that a stopped installation goes on and a
# changed version is installed.
install() {
  [ -x "$1/bin/python" ] || python3 -m venv "$1" ||
    { echo "no venv could be made in $1 (Debian: sudo apt-get install -y python3-venv)" >&2; exit 1; }
  grep -v '^#' "$2" | while read -r packages; do
    mark="$1/.installed-$(echo "$packages" | tr -c 'a-zA-Z0-9.\n' '_')"
    [ -e "$mark" ] && continue
    echo "installing $packages" >&2
    # shellcheck disable=SC2086
    if "$1/bin/python" -m pip install --quiet --disable-pip-version-check $packages >&2; then
      touch "$mark"
    else
      echo "LEFT OUT: $packages could not be installed" >&2
    fi
  done
}

install "$dir" "$here/requirements.txt"
[ "$with_infinity" = 0 ] || install "$(dirname "$dir")/infinity" "$here/infinity.txt"
echo "$dir/bin/python"
