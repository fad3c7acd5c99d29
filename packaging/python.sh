#!/usr/bin/env bash
# Prints the python of a virtual environment with the independent implementations that the conformance tests compare with
# (tokenizers, gguf, jinja2, ...; versions in requirements-conformance.txt), kept in the cache folder. `python.sh bench`: with
# those that the tokenizers' speed is compared with; `python.sh conan`: with Conan; `python.sh bindings`: with what builds
# and tests the Python binding; `python.sh masks`: with the peers of tests/bench/masks.py
# (requirements-masks.txt names all that is wanted: xgrammar asks for torch).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
name=${1:-conformance}
list=$here/requirements-$name.txt
venv=$cache/venv-$(sha256sum "$list" | cut -c1-12)
if [ ! -e "$venv/.done" ]; then
  rm -rf "$venv"
  mkdir -p "$cache"
  python3 -m venv "$venv"
  echo "Installing the peers that $(basename "$list") names ..." >&2
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir $([ "$name" = masks ] && echo --no-deps) -r "$list" >&2
  touch "$venv/.done"
fi
echo "$venv/bin/python"
