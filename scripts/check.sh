#!/bin/bash
# What a change is checked for before it is tested: format, lint, types, the direction of imports, unit tests.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
unset NODE_EXTRA_CA_CERTS NODE_OPTIONS
PATH=$PWD/node_modules/.bin:$PATH

check() {
  local title=$1 began=$SECONDS
  shift
  printf '== %s\n' "$title"
  "$@" || { echo "$title: failed" >&2; exit 1; }
  printf '%s: passed in %d s\n' "$title" $((SECONDS - began))
}

check Format prettier --check --log-level warn .
check Lint oxlint
check Generate npm run --silent generate
check Types tsc -p .
check "Architecture and unit tests" vitest run test/unit
