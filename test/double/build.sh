#!/bin/bash
# Builds the double, and the program that the tests run in its systems.
#
#   build.sh linux FOLDER      double.so and program, for this machine
#   build.sh windows FOLDER    vmcompute.dll, program.exe and server.exe for 64-bit Windows, with mingw-w64
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
flags=(-std=gnu11 -O2 -g -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Werror -Wno-unused-parameter)
case $1 in
  linux)
    gcc "${flags[@]}" -shared -fPIC -fvisibility=hidden -pthread "$here"/*.c -o "$2/double.so"
    gcc "${flags[@]}" "$here/program/program.c" -o "$2/program"
    ;;
  windows)
    flags+=(-Wno-missing-field-initializers -static)
    x86_64-w64-mingw32-gcc "${flags[@]}" -shared "$here"/*.c -lpthread -o "$2/vmcompute.dll"
    x86_64-w64-mingw32-gcc "${flags[@]}" "$here/program/program.c" -o "$2/program.exe"
    x86_64-w64-mingw32-gcc "${flags[@]}" -municode "$here/server/server.c" -o "$2/server.exe"
    ;;
  *)
    echo "build.sh: unknown target \"$1\"" >&2
    exit 1
    ;;
esac
