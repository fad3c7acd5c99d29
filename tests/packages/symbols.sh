#!/usr/bin/env bash
# Debian's list of the symbols of libinfer1 is the library's own, and this test would see if it were not.   symbols.sh LIBRARY SOURCE
set -euo pipefail
library=$1 list=$2/packaging/debian/symbols
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" # dpkg-gensymbols looks for debian/ here
agrees() { dpkg-gensymbols -plibinfer1 -v"$version-1" -c4 -I"$1" -e"$library" -O"$work/made" >"$work/log" 2>&1; }
version=$(sed -n 's/^project(libinfer VERSION \([0-9.]*\).*/\1/p' "$2/CMakeLists.txt")
agrees "$list" || { cat "$work/log"; echo "symbols: for a new function add a line with this version to $list; a lost one breaks the ABI"; exit 1; }
grep -v infer_engine_submit_chat "$list" >"$work/one_less"
! agrees "$work/one_less" || { echo "symbols: a list without infer_engine_submit_chat was taken"; exit 1; }
{ cat "$list"; echo " infer_no_such_function@LIBINFER_1 $version"; } >"$work/one_more"
! agrees "$work/one_more" || { echo "symbols: a list with a function that the library lacks was taken"; exit 1; }
