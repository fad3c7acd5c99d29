#!/usr/bin/env bash
# Prints the folder of the CUDA compiler and its headers (bin/nvcc, include/cuda.h), taken from NVIDIA's packages in the Python
# registry and kept in the cache folder: no driver, no GPU and no root are needed to build the cuda backend. All five are pinned
# to one release: a compiler of one and an assembler of another do not understand each other.
set -euo pipefail
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
root=$cache/cuda-13.0
if [ ! -e "$root/.done" ]; then
  rm -rf "$root"
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.cuda.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining the CUDA 13.0 compiler (271 MB unpacked) ..." >&2
  python3 -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir --no-deps --target "$work/packages" \
    nvidia-cuda-nvcc==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cccl==13.0.85 >&2
  mv "$work/packages/nvidia/cu13" "$root"
  touch "$root/.done"
fi
echo "$root"
