#!/bin/bash
# Makes a Debian machine ready: installs the programs that are missing, the npm packages of the lock file,
# and builds. A second run finds nothing to do.
#
#   setup.sh         everything that tests and benchmarks need
#   setup.sh test    the same
#   setup.sh demo    only what the demo needs
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
purpose=${1:-test}
policy=/usr/sbin/policy-rc.d
policy_mark="runhcs setup: services stay stopped while packages are installed"
log=/dev/null

# program | package | what it is for
demo_programs="
crun       | crun           | runs containers, first choice
runc       | runc           | runs containers where crun cannot
busybox    | busybox-static | the root file system of demo and tests"
test_programs="$demo_programs
podman     | podman         | engine under test
conmon     | conmon         | keeps podman's containers
netavark   | netavark       | podman's networks
aardvark-dns | aardvark-dns | names in podman's networks
containerd | containerd     | engine under test
dockerd    | docker.io      | engine under test
iptables   | iptables       | bridge networks of the engines, inside the tests' own network
ip         | iproute2       | network namespaces of the tests
ps         | procps         | lists processes for engines and tests
python3    | python3        | receives terminals and reads archives in the tests
e2fsck     | e2fsprogs      | checks disk images in the tests
setfattr   | attr           | extended attributes of files in the tests
setfacl    | acl            | access control lists of files in the tests
setcap     | libcap2-bin    | capabilities of files in the tests
qemu-img   | qemu-utils     | checks and converts disk images in the tests
qemu-storage-daemon | qemu-system-common | mounts VHDX scratch disks
veritysetup | cryptsetup-bin | checks dm-verity trees in the tests
strace     | strace         | shows what a command does not do, in the tests
zstd       | zstd           | reads and makes compressed layers
bsdtar     | libarchive-tools | reads archives in the tests
debootstrap | debootstrap   | a real root file system for the tests
mkfs.erofs | erofs-utils    | peer in the benchmarks
criu       | criu           | checkpoint and restore
gcc        | gcc            | builds the double of the Windows libraries
libc-headers | libc6-dev    | the same
x86_64-w64-mingw32-gcc | gcc-mingw-w64-x86-64-win32 | builds it for Windows
wine64     | wine64         | runs the Windows build of Node in the tests
hyperfine  | hyperfine      | benchmarks"

main() {
  case $purpose in
    demo) programs=$demo_programs ;;
    test) programs=$test_programs ;;
    *) fail "Unknown purpose \"$purpose\"; run setup.sh, setup.sh demo or setup.sh test" ;;
  esac
  check_privileges
  check_node
  exec 9<"$0" && flock 9
  log=$(mktemp)
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  restore_policy # a setup that was killed may have left ours
  install_programs
  install_packages
  build
}

# --- privileges ---------------------------------------------------------------------------------------------

check_privileges() {
  [ "$(id -u)" = 0 ] ||
    fail "Cannot set up as user \"$(id -un)\": installing packages and running containers needs root; run sudo npm run $(npm_script)"
  unshare --mount --pid --fork true 2>/dev/null ||
    fail "Cannot run containers here: CAP_SYS_ADMIN is missing; use a virtual machine, or a container started with --privileged"
  [ -w /sys/fs/cgroup ] || [ -w /sys/fs/cgroup/pids ] ||
    fail "Cannot run containers here: /sys/fs/cgroup is missing or read-only; use a virtual machine, or a container started with --privileged"
}

check_node() {
  command -v node >/dev/null || fail "Cannot set up: Node.js is missing; install Node.js 20.19 or later"
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
    fail "Cannot set up with Node.js $(node --version): it must be 20.19 or later; README.md tells how to get one"
}

npm_script() {
  case ${npm_lifecycle_event:-} in
    demo | test | test:soak) echo "$npm_lifecycle_event" ;;
    *) echo setup ;;
  esac
}

# --- programs of the distribution ---------------------------------------------------------------------------

# Prints "package|purpose" of everything that is missing. /usr/local does not count: the tests use the
# distribution's own engines.
missing_programs() {
  local program package use
  while IFS='|' read -r program package use; do
    program=${program// /} package=${package// /}
    [ -n "$program" ] || continue
    found "$program" || echo "$package|${use# }"
  done <<<"$programs"
}

found() {
  case $1 in
    busybox) [ -x /bin/busybox ] && ! head -c 4096 /bin/busybox | grep -q /ld- ;; # not the one that needs libc
    wine64) [ -x /usr/lib/wine/wine64 ] ;; # the package puts nothing on the PATH
    libc-headers) [ -e /usr/include/stdio.h ] ;;
    netavark | aardvark-dns) [ -x "/usr/lib/podman/$1" ] || [ -x "/usr/libexec/podman/$1" ] ;;
    *) PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$1" >/dev/null ;;
  esac
}

install_programs() {
  local missing package use names=()
  missing=$(missing_programs)
  if [ -z "$missing" ]; then
    step "System programs: all present" true
    return
  fi
  while IFS='|' read -r package use; do
    names+=("$package")
    echo "  to install: $package ($use)"
  done <<<"$missing"
  if ! command -v apt-get >/dev/null; then
    fail "Cannot install ${names[*]}: this is not Debian (no apt-get); install them with the system's own package tool"
  fi
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  deny_services
  step "Update the list of packages" apt-get update -q
  refuse_removals "${names[@]}"
  step "Install ${names[*]}" apt-get install -qy --no-install-recommends "${names[@]}"
  restore_policy
}

# busybox-static takes the place of busybox; nothing else may go.
refuse_removals() {
  local removed
  removed=$(apt-get install -s --no-install-recommends "$@" 2>/dev/null | awk '/^Remv / && $2 != "busybox" { print $2 }')
  [ -z "$removed" ] || fail "Cannot install $*: apt-get would remove $(echo $removed); remove these yourself if you can do without them"
}

# Debian asks this file before it starts a service of a package that is being installed.
deny_services() {
  if [ -e $policy ] || [ -L $policy ]; then mv $policy $policy.before-runhcs; fi
  printf '#!/bin/sh\n# %s\nexit 101\n' "$policy_mark" >$policy
  chmod 755 $policy
}

restore_policy() {
  if grep -qs "$policy_mark" $policy; then rm -f $policy; fi
  if [ -e $policy.before-runhcs ] || [ -L $policy.before-runhcs ]; then mv -f $policy.before-runhcs $policy; fi
}

# --- packages of npm, and the build --------------------------------------------------------------------------

install_packages() {
  local stamp=node_modules/.runhcs-setup
  cd "$root"
  command -v npm >/dev/null || fail "Cannot install npm packages: npm is missing; install Node.js 20.19 or later with npm"
  if cmp -s package-lock.json $stamp; then
    step "npm packages: as in package-lock.json" true
    return
  fi
  step "Install npm packages" npm ci --no-audit --no-fund
  cp package-lock.json $stamp
}

build() {
  local stamp=dist/.runhcs-setup
  cd "$root"
  if [ -e $stamp ] && [ -e dist/run.cjs ] && [ -z "$(newer_sources $stamp)" ]; then
    step "Build: newer than its sources" true
    return
  fi
  mkdir -p dist
  touch dist/.runhcs-setup.new # sources that change during the build have to be newer than the stamp
  step "Build" npm run --silent build
  mv dist/.runhcs-setup.new $stamp
}

# Folders count as well, for files that were deleted.
newer_sources() {
  find src schemas bin scripts/build.js scripts/bundle.js scripts/generate-schema.js package.json package-lock.json tsconfig.json \
    -path src/schema/generated -prune -o -newer "$1" ! -path src/schema -print -quit
}

# --- output -------------------------------------------------------------------------------------------------

# step TEXT COMMAND...: prints the text, runs the command, and prints the time or what went wrong.
step() {
  local text=$1 began=${EPOCHREALTIME/[.,]/} ms
  shift
  printf '  %s ... ' "$text"
  if ! "$@" >"$log" 2>&1; then
    printf 'failed\n'
    tail -n 20 "$log" >&2
    fail "Cannot finish step \"$text\": the command \"$*\" failed, its last lines are above"
  fi
  ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
  printf '%d.%d s\n' $((ms / 1000)) $((ms % 1000 / 100))
}

fail() {
  echo "$*" >&2
  exit 1
}

clean_up() {
  rm -f "$log"
  restore_policy
}

main
