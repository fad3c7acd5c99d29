#!/usr/bin/env bash
# Prints the python of a virtual environment with the independent implementations that the conformance tests compare with
# (tokenizers, gguf, jinja2, ...; versions in requirements-conformance.txt), kept in the cache folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
list=$here/requirements-conformance.txt
venv=$cache/venv-$(sha256sum "$list" | cut -c1-12)
if [ ! -e "$venv/.done" ]; then
  rm -rf "$venv"
  mkdir -p "$cache"
  python3 -m venv "$venv"
  echo "Installing the conformance peers (tokenizers, gguf, jinja2 ...) ..." >&2
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir -r "$list" >&2
  touch "$venv/.done"
fi
echo "$venv/bin/python"
