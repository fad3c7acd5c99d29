#!/usr/bin/env bash
# Prints the folder of vk_mem_alloc.h (Vulkan Memory Allocator 3.2), which Debian 12 has not: the next suite's
# (next_suite.sh), kept in the cache folder.
set -euo pipefail
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
root=$cache/vma-3.2
if [ ! -e "$root/vk_mem_alloc.h" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.vma.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining the Vulkan Memory Allocator (header) ..." >&2
  "$(dirname "$0")/next_suite.sh" "$work/unpacked" 'libvulkan-memory-allocator-dev=3.2.*'
  mkdir -p "$root"
  mv "$work/unpacked/usr/include/vk_mem_alloc.h" "$root/vk_mem_alloc.h.unfinished"
  mv "$root/vk_mem_alloc.h.unfinished" "$root/vk_mem_alloc.h"
fi
echo "$root"
