#!/bin/bash
# Builds the double.
#
#   build.sh linux FILE      a shared library for this machine
#   build.sh windows FILE    a DLL for 64-bit Windows, with mingw-w64
set -euo pipefail
folder=$(dirname "$(readlink -f "$0")")
warnings=(-std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter)
case $1 in
  linux) gcc "${warnings[@]}" -shared -fPIC -fvisibility=hidden -pthread "$folder"/*.c -o "$2" ;;
  windows)
    x86_64-w64-mingw32-gcc "${warnings[@]}" -Wno-missing-field-initializers -shared -static \
      "$folder"/*.c -lpthread -o "$2"
    ;;
  *)
    echo "build.sh: unknown target \"$1\"" >&2
    exit 1
    ;;
esac
