#!/bin/sh
# Gives bundles a root file system: the one static program of busybox-static, under all its names.
#
#   make-rootfs.sh FOLDER...   makes FOLDER/rootfs in each bundle's folder
#   make-rootfs.sh             makes it in every example
set -eu

busybox=/bin/busybox
if [ ! -x $busybox ]; then
  echo "Cannot make a root file system: $busybox is missing; run apt-get install busybox-static" >&2
  exit 1
fi
if head -c 4096 $busybox | grep -q /ld-; then
  echo "Cannot make a root file system: $busybox needs the C library; run apt-get install busybox-static" >&2
  exit 1
fi
if [ $# = 0 ]; then set -- "${0%/*}"/*/; fi

for bundle; do
  rootfs=${bundle%/}/rootfs
  mkdir -p "$rootfs/bin" "$rootfs/dev" "$rootfs/etc" "$rootfs/proc" "$rootfs/root" "$rootfs/sys" "$rootfs/tmp"
  cp $busybox "$rootfs/bin/busybox.new"
  mv "$rootfs/bin/busybox.new" "$rootfs/bin/busybox"
  # Its own shell starts its own ln, which is three times as fast as a program per link.
  (cd "$rootfs/bin" && $busybox sh -c 'for name in $(./busybox --list); do
    [ -e $name ] || ln -s busybox $name
  done')
  echo "root:x:0:0:root:/root:/bin/sh" >"$rootfs/etc/passwd"
  echo "root:x:0:" >"$rootfs/etc/group"
  echo "$rootfs"
done
