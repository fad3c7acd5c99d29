#!/usr/bin/env bash
# Prints a folder with a bare Debian of this machine's release and the compilers that a user of libinfer-dev has, made once by
# debootstrap from the registry that this machine's apt uses, and kept in the cache folder. Needs root.
set -euo pipefail
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
root=$cache/debian-$suite
if [ ! -e "$root/.done" ]; then
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  echo "Making a bare Debian $suite with a C and a C++ compiler ..." >&2
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $suite" | sort -u | head -1)
  debootstrap --variant=minbase --include=gcc,g++,libc6-dev,pkg-config "$suite" "$root" "$uri" >"$root.log" 2>&1 || { tail -5 "$root.log" >&2; exit 1; }
  rm -rf "$root.log" "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  touch "$root/.done"
fi
echo "$root"
