#!/bin/bash
# Measures this checkout; options are those of bench.js. Expects a machine that npm run setup made ready.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
if [ ! -x bin/runhcs ] || [ ! -f dist/run.cjs ]; then
  echo "Cannot measure: nothing has been built; run npm run setup" >&2
  exit 1
fi
unset NODE_EXTRA_CA_CERTS NODE_OPTIONS
exec node scripts/bench.js "$@"
