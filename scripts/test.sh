#!/bin/bash
# Sets up the machine and runs every test. The last line is "N passed, N failed, N skipped"; the exit code is 0
# only if nothing failed and nothing was skipped.
#
#   test.sh          what a change has to pass
#   test.sh soak     the same with full counts, and the engines with bare runc as well
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

# suite TITLE NAME OPTION...: runs Vitest, whose report of that name is counted in the end. The variables that are
# taken away change how Node starts, and with it what the tests measure.
suite() {
  local title=$1 name=$2
  shift 2
  printf '\n== %s\n' "$title"
  env -u NODE_EXTRA_CA_CERTS -u NODE_OPTIONS node_modules/.bin/vitest run "$@" --reporter=json --outputFile.json="$reports/$name.json"
}

echo "== Set-up"
if ! scripts/setup.sh test; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

if [ "${1:-}" = soak ]; then export RUNHCS_SOAK=1; fi

suite "Unit tests" unit --reporter=default test/unit
suite "Contract and integration tests" integration --reporter=verbose --no-file-parallelism test/contract test/integration test/windows
suite "Tests with podman, containerd and docker" engines --reporter=verbose --no-file-parallelism test/engines

printf '\n== %s\n' "Tests of the Windows host, with Node for Windows under Wine"
scripts/test-windows.sh 2>&1 | tee "$reports/windows.txt"

echo
node scripts/count-tests.js "$reports"/{unit,integration,engines}.json "$reports/windows.txt"
