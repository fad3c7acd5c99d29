#!/usr/bin/env bash
# Prints the folder of vk_mem_alloc.h (Vulkan Memory Allocator 3.2), which Debian 12 has not: it is taken from the package of the
# next suite, in the registry that this machine's apt uses, only unpacked, and kept in the cache folder.
set -euo pipefail
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
root=$cache/vma-3.2
if [ ! -e "$root/vk_mem_alloc.h" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.vma.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining the Vulkan Memory Allocator (header) ..." >&2
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/unpacked"
  echo "deb $uri trixie main" >"$work/sources.list"
  apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/state/lists"
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2
  (cd "$work" && "${apt[@]}" download 'libvulkan-memory-allocator-dev=3.2.*' >&2)
  dpkg -x "$work"/libvulkan-memory-allocator-dev_*.deb "$work/unpacked"
  mkdir -p "$root"
  mv "$work/unpacked/usr/include/vk_mem_alloc.h" "$root/vk_mem_alloc.h.unfinished"
  mv "$root/vk_mem_alloc.h.unfinished" "$root/vk_mem_alloc.h"
fi
echo "$root"
