#!/bin/bash
# Shows the whole life of a container: sets the machine up, then prints each command and the time it took.
# Everything that it makes is in a temporary folder of its own, which is removed in the end.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
typed=$(printf %q "$root") # as a shell reads it
folder=

main() {
  echo "== Set-up"
  "$root/scripts/setup.sh" demo
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  unset NODE_EXTRA_CA_CERTS NODE_OPTIONS

  title "Bundles: a root file system made of busybox, and two of the examples"
  folder=$(mktemp -d /tmp/runhcs-demo.XXXXXX)
  show "cd $folder"
  show "PATH=$typed/bin:\$PATH"
  show "cp -r $typed/examples/hello $typed/examples/limits ."
  show "$typed/examples/make-rootfs.sh hello limits"

  title "A program in the foreground"
  show "runhcs --root state run --bundle hello hello"

  title "A container step by step"
  show "runhcs --root state create --bundle limits demo"
  show "runhcs --root state state demo"
  show "runhcs --root state start demo"
  show "runhcs --root state exec demo ps"
  show "runhcs --root state ps demo"
  show "runhcs --root state pause demo"
  show "runhcs --root state list"
  show "runhcs --root state resume demo"
  show "runhcs --root state kill demo KILL"
  show "until runhcs --root state state demo | grep -q '\"stopped\"'; do sleep 0.01; done"
  show "runhcs --root state delete demo"

  title "Nothing is left"
  show "runhcs --root state list"
  echo
  echo "Next: bin/runhcs --help shows what else there is, examples/README.md has more to try, npm test runs the tests"
}

title() {
  printf '\n== %s\n' "$1"
}

# Prints a command, runs it, and prints how long it took.
show() {
  local began ms
  printf '$ %s\n' "$1"
  began=${EPOCHREALTIME/[.,]/}
  eval "$1"
  ms=$(((${EPOCHREALTIME/[.,]/} - began + 500) / 1000))
  printf '  (%d ms)\n' "$ms"
}

clean_up() {
  [ -n "$folder" ] || return 0
  cd "$folder"
  for id in hello demo; do "$root/bin/runhcs" --root state delete --force "$id"; done
  cd /
  rm -rf "$folder"
}

main "$@"
