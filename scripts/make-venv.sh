#!/usr/bin/env bash
# Makes the virtual environment DIRECTORY with the interpreter $PYTHON (python3 unless set).
# Debian keeps ensurepip, without which no environment gets pip, in a package of its own: root gets it
# installed, anybody else is told what to type.
#
# Usage: scripts/make-venv.sh DIRECTORY
set -euo pipefail

directory=${1:?usage: $0 DIRECTORY}
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
has_ensurepip() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

if ! command -v "$python" >/dev/null; then
  say "No '$python' here. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"
  exit 1
fi

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  say "$("$python" --version) is too old: idp-sandbox needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python3"
  exit 1
fi

if ! has_ensurepip && [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
  say "Installing python3-venv ..."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
fi

if ! has_ensurepip; then
  say "'$python' cannot make virtual environments: its ensurepip module is missing. On Debian and Ubuntu type"
  say
  say "    sudo apt-get install python3-venv"
  say
  say "and run make again."
  exit 1
fi

exec "$python" -m venv --clear "$directory"
