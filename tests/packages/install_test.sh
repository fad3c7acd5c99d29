#!/usr/bin/env bash
# Installs the build into an empty folder and is a stranger to it: builds README's C program by find_package and by pkg-config,
# moves the installation elsewhere first, and runs both.   install_test.sh BUILD SOURCE MODEL
set -euo pipefail
build=$1 source=$2 model=$3
[ -e "$model" ] || { echo "No model: configure with -DINFER_SMOLLM2=FILE (./dev test does)"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR= cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved" # a package may be unpacked anywhere
# The program is the one that README shows, not a copy of it.
mkdir "$work/app"
awk '/^```c$/{on=1;next} /^```$/{if(on)exit} on' "$source/README.md" >"$work/app/hello.c"
[ "$(wc -l <"$work/app/hello.c")" -ge 15 ] || { echo "README.md has no C program"; exit 1; }
cat >"$work/app/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(hello C)
find_package(libinfer 0.1 REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello PRIVATE libinfer::infer)
CMAKE
cmake -G Ninja -S "$work/app" -B "$work/app/build" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/app/build" >/dev/null
"$work/app/build/hello" "$model" "Name the capital of France." | tee "$work/one"
grep -q Paris "$work/one"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/moved" -name libinfer.pc)")
cc -std=c99 -Wall -Wextra -Werror $(pkg-config --cflags libinfer) "$work/app/hello.c" -o "$work/hello" $(pkg-config --libs libinfer)
LD_LIBRARY_PATH=$(pkg-config --variable=libdir libinfer) "$work/hello" "$model" "Name the capital of France." >"$work/two"
cmp "$work/one" "$work/two"
# Nothing but the C library is needed at run time.
needed=$(readelf -d "$(find "$work/moved" -name 'libinfer.so' | head -1)" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
echo "needs: $needed"
for n in $needed; do case "$n" in libc.so.6 | libm.so.6 | ld-linux-x86-64.so.2 | libpthread.so.0 | libdl.so.2) ;; *) echo "must not need $n"; exit 1 ;; esac; done
