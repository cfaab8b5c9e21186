#!/bin/bash
# What a change is checked for before it is tested: format, lint, types, the direction of imports, unit tests.
# All checks run; the exit code is 0 if all passed.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
unset NODE_EXTRA_CA_CERTS NODE_OPTIONS
PATH=$PWD/node_modules/.bin:$PATH
failed=()

# check TITLE COMMAND...
check() {
  local title=$1 began=$SECONDS result=passed
  shift
  printf '== %s\n' "$title"
  if ! "$@"; then
    result=FAILED
    failed+=("$title")
  fi
  printf '%s %s in %d s\n' "$title" "$result" $((SECONDS - began))
}

check Format prettier --check --log-level warn .
check Lint oxlint
check Generate npm run --silent generate
check Types tsc -p .
check "Architecture and unit tests" vitest run test/unit

if [ ${#failed[@]} -gt 0 ]; then
  printf 'Failed:'
  printf ' %s,' "${failed[@]}" | sed 's/,$/\n/'
  exit 1
fi
