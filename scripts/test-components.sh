#!/usr/bin/env bash
# Brings what the test suite uses besides Python: Chromium, the PostgreSQL server programs, nginx, Node.js with npm,
# and the Node.js packages of tests/interop/node and examples/javascript. Whatever is there already is left alone,
# so a second run returns at once.
#
# On Debian, root gets the missing ones installed. Where one cannot be had the script names it and goes on,
# and the tests that need it are skipped; with CI=true it fails instead.
set -euo pipefail

cd "$(dirname "$0")/.."
node_projects=(tests/interop/node examples/javascript)

has_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
# The Node.js inside Playwright, which drives the browser, is linked to libatomic; a bare Debian has none.
has_libatomic() {
  [[ $OSTYPE != linux* ]] || compgen -G '/usr/lib*/libatomic.so.1' || compgen -G '/usr/lib/*/libatomic.so.1'
} >/dev/null
has_postgres() { command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb'; } >/dev/null
has_nginx() { PATH=$PATH:/usr/sbin command -v nginx; } >/dev/null
has_curl() { command -v curl; } >/dev/null
has_node() { command -v node && command -v npm; } >/dev/null
# npm writes this file as the last step of an install.
has_packages_of() { [[ $1/node_modules/.package-lock.json -nt $1/package-lock.json ]]; }

say() { printf '%s\n' "$*" >&2; }

# Several packages in one call, so that one index update serves them all. A failure shows in the checks below.
install() {
  say "Installing $* ..."
  if ! apt-get update -qq ||
    ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then
    say "apt-get could not install: $*"
  fi
}

wanted=()
has_chromium || wanted+=(chromium)
has_libatomic || wanted+=(libatomic1)
has_postgres || wanted+=(postgresql)
has_nginx || wanted+=(nginx-light)
has_curl || wanted+=(curl)
command -v node >/dev/null || wanted+=(nodejs)
command -v npm >/dev/null || wanted+=(npm)

if ((${#wanted[@]})) && [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
  install "${wanted[@]}"
fi

for project in "${node_projects[@]}"; do
  if has_node && ! has_packages_of "$project"; then
    say "Installing the Node.js packages of $project ..."
    npm ci --prefix "$project" --no-audit --no-fund --loglevel=error >&2 || say "npm ci failed in $project"
  fi
done

absent=0
require() {
  $1 && return
  absent=$((absent + 1))
  say "*** MISSING TEST COMPONENT: $2. To get it: $3"
}
require has_chromium Chromium 'sudo apt-get install chromium'
require has_libatomic libatomic 'sudo apt-get install libatomic1'
require has_postgres 'PostgreSQL server' 'sudo apt-get install postgresql'
require has_nginx nginx 'sudo apt-get install nginx-light'
require has_curl curl 'sudo apt-get install curl'
require has_node 'Node.js with npm' 'sudo apt-get install nodejs npm'
for project in "${node_projects[@]}"; do
  require "has_packages_of $project" "the packages of $project" "npm ci --prefix $project"
done

if ((absent)); then
  if [[ ${CI:-} == true ]]; then
    say "*** $absent missing, and CI=true allows none."
    exit 1
  fi
  say "*** The tests that need them will be skipped."
fi
