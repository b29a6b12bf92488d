#!/usr/bin/env bash
# Create .venv and install the locked packages and this project into it.
# Usage: book/setup.sh [PYTHON]    (`make` calls this; PYTHON=python3.x chooses the interpreter)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stop() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

ADMITTED='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'

find_python() { # the interpreter asked for, or the first that will do
  local candidate found
  if [[ -n $1 ]]; then
    command -v "$1" >/dev/null || stop "PYTHON=$1 was not found." \
      "Name another, or leave PYTHON out: the first that will do is taken."
    "$1" -c "$ADMITTED" || stop "expected Python 3.11 to 3.13, got $("$1" -V 2>&1) from PYTHON=$1." \
      "Name another, or leave PYTHON out: the first that will do is taken."
    echo "$1"
    return
  fi
  for candidate in python3 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c "$ADMITTED" >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  found=$(python3 -V 2>/dev/null) || found=absent
  stop "no Python 3.11 to 3.13 was found (python3 is: $found)." \
    "On Debian 12 or Ubuntu 24.04: sudo apt-get install python3 python3-venv" \
    "Elsewhere: https://www.python.org/downloads/, then make … PYTHON=/path/to/python3"
}

version() { "$1" -c 'import sys; print(*sys.version_info[:3], sep=".")' 2>/dev/null; }

command -v git >/dev/null ||
  stop "git is missing: the book dates its pages by it." \
    "On Debian or Ubuntu: sudo apt-get install git; elsewhere: https://git-scm.com/downloads"

python=$(find_python "${1:-}")
if ! .venv/bin/python -c "$ADMITTED" 2>/dev/null ||
  [[ -n ${1:-} && $(version "$python") != "$(version .venv/bin/python)" ]]; then
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$(command -v "$python") ($(version "$python")) has no module venv." \
      "On Debian or Ubuntu: sudo apt-get install python3-venv"
  echo "Creating .venv with Python $(version "$python")"
  rm -rf .venv
  "$python" -m venv .venv
fi

rm -f .venv/ready-*
echo "Installing the locked packages into .venv (some 2.5 GB; minutes at first, seconds after)"
install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)
{ "${install[@]}" -r requirements.lock && "${install[@]}" --no-deps --no-build-isolation -e .; } ||
  stop "pip could not install the packages; its own message stands above." \
    "If it speaks of connections or retries, there is no network: connect, then run make again."
