#!/usr/bin/env bash
# Every public header alone, as a program meets it: C headers in C99 and later and in C++; infer.hpp in C++17 and later, without
# exceptions and RTTI, and in two files of one program (header-only: nothing is defined twice).   headers.sh INCLUDE LIBRARY
set -euo pipefail
include=$1 library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict=(-I"$include" -pedantic -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Werror)
headers=$(cd "$include" && ls libinfer/*)
for cc in gcc clang; do
  cxx=${cc/gcc/g++}; cxx=${cxx/clang/clang++}
  for header in $headers; do
    printf "#include <%s>\nextern int alone;\n" "$header" >"$work/alone.c"
    cp "$work/alone.c" "$work/alone.cc"
    if [[ $header == *.h ]]; then
      for std in c99 c17; do $cc -std=$std "${strict[@]}" -fsyntax-only "$work/alone.c"; done
    fi
    for std in c++17 c++2b; do $cxx -std=$std "${strict[@]}" -fno-exceptions -fno-rtti -fsyntax-only "$work/alone.cc"; done
  done
done
cat >"$work/one.cc" <<'CXX'
#include <libinfer/infer.hpp>
int two();
int main() {
  auto runtime = libinfer::Runtime::create(libinfer::Options().set("backend.use", "no such backend"));
  return !runtime && runtime.error().status == INFER_E_NOT_FOUND && !runtime.error().hint.empty() ? two() : 1;
}
CXX
cat >"$work/two.cc" <<'CXX'
#include <libinfer/infer.hpp>
int two() {
  auto runtime = libinfer::Runtime::create();
  if (!runtime || runtime->devices().empty()) return 2;
  auto model = runtime->open("/no/such/file");
  return !model && model.error().status == INFER_E_NOT_FOUND ? 0 : 3;
}
CXX
for switches in "" "-fno-exceptions -fno-rtti"; do
  g++ -std=c++17 "${strict[@]}" $switches "$work/one.cc" "$work/two.cc" -o "$work/program" "$library" -Wl,-rpath,"$(dirname "$library")"
  "$work/program" || { echo "headers: a program of two files ended with $? ($switches)"; exit 1; }
done
