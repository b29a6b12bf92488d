#!/usr/bin/env bash
# What the tests need beyond Python's packages, installed where that is possible:
#   chromium     opens every page of the built book          (tests marked `browser`)
#   bubblewrap   shuts in code that is not to be trusted     (the command bwrap; Linux only)
#   postgresql   a real server for a course's gradebook (Linux only)
#   libatomic1   a library that Playwright's own node is linked with
#   fonts        DejaVu for text, Noto for mathematical and other signs
# As root, or where sudo asks no password, apt-get installs what is missing. Elsewhere the script
# says what is missing and how to get it, and fails. It never asks for a password.
# Usage: tests/system-packages.sh
set -euo pipefail

packages=() reasons=()
need() { # package, why, and a command that succeeds where it is there
  local package=$1 reason=$2
  shift 2
  if ! "$@" >/dev/null 2>&1; then
    packages+=("$package")
    reasons+=("  $package: $reason")
  fi
}

has_browser() { [[ -n ${CHROMIUM:-} && -x ${CHROMIUM:-} ]] || command -v chromium; }
has_library() { [[ $(PATH=$PATH:/sbin ldconfig -p) == *"$1"* ]]; }
has_font() { [[ -n $(fc-list "$1") ]]; }

check() {
  packages=() reasons=()
  need chromium "the tests that open the book in a browser (or set CHROMIUM=/path/to/it)" has_browser
  [[ $(uname -s) != Linux ]] || need bubblewrap "the sandbox, command bwrap" command -v bwrap
  if [[ $(uname -s) == Linux ]]; then
    need postgresql "a gradebook on a real server" compgen -G "/usr/lib/postgresql/*/bin/postgres"
    need libatomic1 "Playwright, which drives the browser" has_library libatomic.so.1
    need fontconfig "finding fonts, command fc-list" command -v fc-list
    need fonts-dejavu-core "the text of pages and figures" has_font "DejaVu Sans"
    need fonts-noto-core "mathematical and other signs" has_font "Noto Sans Math"
  fi
}

missing() {
  echo "system-packages: missing:"
  printf '%s\n' "${reasons[@]}"
}

check
if ((${#packages[@]} == 0)); then
  echo "system-packages: chromium, bubblewrap, postgresql, libatomic1 and fonts are there"
  exit 0
fi

as_root=()
((EUID == 0)) || as_root=(sudo -n)
if ! command -v apt-get >/dev/null; then
  missing >&2
  echo "There is no apt-get here: install them with this system's own package manager." >&2
  exit 1
elif ! "${as_root[@]}" true 2>/dev/null; then
  missing >&2
  echo "Not root, and sudo would ask for a password. Remedy, by hand:" >&2
  echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi

missing
echo "system-packages: installing with apt-get: ${packages[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${packages[@]}"
check
if ((${#packages[@]})); then
  missing >&2
  echo "apt-get reported no error, yet these are still not found." >&2
  exit 1
fi
