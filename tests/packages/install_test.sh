#!/usr/bin/env bash
# Installs the build into an empty folder, moves it elsewhere and is a stranger to it: builds README's C program and a C++ one, by
# find_package and by pkg-config, against libinfer.so and libinfer.a, and runs them.   install_test.sh BUILD SOURCE MODEL
set -euo pipefail
build=$1 source=$2 model=$3
fail() { echo "install: $*"; exit 1; }
[ -e "$model" ] || fail "No model: configure with -DINFER_SMOLLM2=FILE (./dev test does)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR= cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved" # a package may be unpacked anywhere
! grep -rIl -e "$build" -e "$source" -e "$work/first" "$work/moved" || fail "these files name the folder of the build"
lib=$(dirname "$(find "$work/moved" -name libinfer.so)")
ask() { "$@" "$model" "Name the capital of France." >"$work/said"; grep -q Paris "$work/said" || fail "$1 said: $(cat "$work/said")"; }
needs() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' '; }

# The C program is the one that README shows, not a copy of it.
cp -r "$source/tests/packages/sample" "$work/sample"
"$source/tests/packages/readme.sh" "$source" c >"$work/sample/hello.c"
[ "$(wc -l <"$work/sample/hello.c")" -ge 15 ] || fail "README.md has no C program"
cp "$source/examples/cpp/hello.cc" "$work/sample/hello.cc"
for cpp in OFF ON; do # a project that knows no C++ links the archive, too
  { cmake -G Ninja -S "$work/sample" -B "$work/build_$cpp" -DCPP=$cpp -DCMAKE_PREFIX_PATH="$work/moved" && cmake --build "$work/build_$cpp"; } >"$work/log" 2>&1 || fail "$(tail -20 "$work/log")"
  for program in "$work/build_$cpp"/hello.*_{libinfer,static}; do ask "$program"; done
done
for program in "$work"/build_ON/neighbour.cc_{libinfer,static}; do "$program" "$model" || fail "$program ended with $?"; done
[[ $(needs "$work/build_OFF/hello.c_libinfer") == *libinfer.so.1* ]] || fail "libinfer::libinfer is not the shared library"
[[ $(needs "$work/build_OFF/hello.c_static") != *libinfer.so* ]] || fail "libinfer::static is not the archive"

# Versions: any newer one will do, whatever its first number; an older one never.
version=$(sed -n 's/^set(PACKAGE_VERSION "\(.*\)")/\1/p' "$lib"/cmake/libinfer/libinferConfigVersion.cmake)
takes() { # version wanted
  mkdir -p "$work/version"
  printf 'cmake_minimum_required(VERSION 3.16)\nproject(v NONE)\nfind_package(libinfer %s QUIET)\nif(NOT libinfer_FOUND)\nmessage(FATAL_ERROR no)\nendif()\n' "$1" >"$work/version/CMakeLists.txt"
  rm -rf "$work/version/build"
  cmake -S "$work/version" -B "$work/version/build" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null 2>&1
}
for v in 0.0.9 0.1 "$version" "$version EXACT"; do takes "$v" || fail "$version is refused where $v is wanted"; done
for v in 0.1.1 0.2 1.0; do ! takes "$v" || fail "$version is taken where $v is wanted"; done
sed -i 's/^set(PACKAGE_VERSION .*/set(PACKAGE_VERSION "3.2.0")/' "$lib"/cmake/libinfer/libinferConfigVersion.cmake
takes 0.1 || fail "3.2.0 is refused where 0.1 is wanted"

# pkg-config: shared; --static, with nothing else named.
export PKG_CONFIG_PATH=$lib/pkgconfig
[ "$(pkg-config --modversion libinfer)" = "$version" ] || fail "libinfer.pc has another version"
cc -std=c99 -Wall -Wextra -Werror $(pkg-config --cflags libinfer) "$work/sample/hello.c" -o "$work/hello" $(pkg-config --libs libinfer)
LD_LIBRARY_PATH=$(pkg-config --variable=libdir libinfer) ask "$work/hello"
c++ -std=c++17 $(pkg-config --cflags libinfer) "$work/sample/hello.cc" -o "$work/hello_cpp" $(pkg-config --libs libinfer)
LD_LIBRARY_PATH=$lib ask "$work/hello_cpp"
cc -static -std=c99 $(pkg-config --static --cflags libinfer) "$work/sample/hello.c" -o "$work/hello_static" $(pkg-config --static --libs libinfer) 2>"$work/log" || fail "$(cat "$work/log")"
ask "$work/hello_static"
[ -z "$(needs "$work/hello_static")" ] || fail "a static program needs $(needs "$work/hello_static")"

# Nothing but the C library is needed at run time; of the archive nothing but the functions of infer.h is seen.
for n in $(needs "$lib/libinfer.so"); do case "$n" in libc.so.6 | libm.so.6 | ld-linux-x86-64.so.2 | libpthread.so.0 | libdl.so.2) ;; *) fail "libinfer.so must not need $n" ;; esac; done
diff <(nm -g --defined-only "$lib/libinfer.a" | awk 'NF == 3 {print $3}' | sort) <(sed 's/@.*//' "$source/tests/abi/exports.txt") || fail "libinfer.a shows other names than tests/abi/exports.txt"
# The tool and the plugins that were built came along.
"$work/moved/bin/infer" --version | grep -q "$version" || fail "the installed tool does not start"
for plugin in vulkan cuda; do
  [ ! -e "$build/lib/libinfer/libinfer-$plugin.so" ] || ls "$lib/libinfer/libinfer-$plugin".{so,json} >/dev/null
done
echo "find_package and pkg-config, C and C++, shared and static: all answered"
