#!/usr/bin/env bash
# Brings the mocks that the benchmark measures beside this sandbox into bench/.targets: those of npm with a Node.js new
# enough for them, and those of PyPI in an environment of their own. Nothing is installed anywhere else. What is there
# already is left alone, so a second run returns at once. What cannot be had is named, and the benchmark skips it.
set -euo pipefail

cd "$(dirname "$0")/.."
source=bench/targets
target=bench/.targets
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
is_made_from() { [[ $1 -nt $2 ]]; }

mkdir -p "$target"

if ! is_made_from "$target/node_modules/.package-lock.json" "$source/package-lock.json"; then
  say "Installing the mocks of npm ..."
  cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" "$target"
  # npm warns of the Node.js it runs on itself; the mocks run on the one they bring.
  npm ci --prefix "$target" --loglevel=error >&2 || say "*** npm ci failed: the mocks of npm will be skipped."
fi

if ! is_made_from "$target/python/.made" "$source/requirements.txt"; then
  say "Installing the mocks of PyPI ..."
  if "$python" -m venv --clear "$target/python" &&
    "$target/python/bin/python" -m pip --disable-pip-version-check --quiet install -r "$source/requirements.txt"; then
    touch "$target/python/.made"
  else
    say "*** pip failed: the mocks of PyPI will be skipped."
  fi
fi
