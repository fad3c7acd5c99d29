#!/usr/bin/env bash
# Prints a folder with glslangValidator and spirv-val that know GL_KHR_cooperative_matrix, which Debian 12's do not: those of the next
# suite (next_suite.sh), with the C and C++ libraries that they need, kept in the cache folder. Only amd64: elsewhere, and without
# a registry, it fails, and the kernels for matrix units are left out.
set -euo pipefail
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
root=$cache/glslang-15
[ "$(dpkg --print-architecture)" = amd64 ] || { echo "no newer glslang for this architecture" >&2; exit 1; }
if [ ! -e "$root/glslangValidator" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.glslang.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining a shader compiler that knows cooperative matrices ..." >&2
  "$(dirname "$0")/next_suite.sh" "$work/unpacked" 'glslang-tools=15.*' 'spirv-tools=2025.*' 'libc6=2.41*' 'libstdc++6=14.*' 'libgcc-s1=14.*'
  mkdir -p "$work/made/lib"
  from=$work/unpacked/usr/lib/x86_64-linux-gnu
  cp -L "$from"/{ld-linux-x86-64.so.2,libc.so.6,libm.so.6,libstdc++.so.6,libgcc_s.so.1} "$work/made/lib"
  for program in glslangValidator spirv-val; do  # through their own loader: this machine's C library is older
    cp -L "$work/unpacked/usr/bin/$program" "$work/made/lib/$program"
    printf '#!/bin/sh\nhere=$(dirname "$0")/lib\nexec "$here/ld-linux-x86-64.so.2" --library-path "$here" "$here/%s" "$@"\n' "$program" >"$work/made/$program"
    chmod +x "$work/made/$program"
  done
  "$work/made/glslangValidator" --version >/dev/null
  "$work/made/spirv-val" --version >/dev/null
  mv "$work/made" "$root"
fi
echo "$root"
