#!/usr/bin/env bash
# What a user of the wheel does: builds it, installs it into a fresh environment in an empty folder with no registry to ask, runs the
# Python lines of README, and looks at the figures that the wheel is held to.   python.sh SOURCE BUILD MODEL PYTHON
set -euo pipefail
source=$1 build=$2 model=$3 python=$4
[ -e "$model" ] || { echo "No model: configure with -DINFER_SMOLLM2=FILE (./dev test does)"; exit 1; }
wheel=$("$source/packaging/wheel.sh" "$build/wheels")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset PYTHONPATH
size=$(stat -c %s "$wheel")
echo "$(basename "$wheel"): $size bytes"
[ "$size" -le 15000000 ] || { echo "larger than 15 MB"; exit 1; }
case $wheel in *manylinux_2_28*) ;; *) echo "not tagged manylinux_2_28"; exit 1 ;; esac

python3 -m venv fresh
begun=$(date +%s%N)
fresh/bin/python -m pip install -q --disable-pip-version-check --no-index "$wheel"
echo "installed in $((($(date +%s%N) - begun) / 1000000)) ms"
fresh/bin/python -c 'import time; a = time.perf_counter(); import libinfer; print(f"first import: {(time.perf_counter() - a) * 1e3:.0f} ms")'
fresh/bin/python -c 'import time; a = time.perf_counter(); import libinfer; print(f"import: {(time.perf_counter() - a) * 1e3:.0f} ms")'

# The program is the one that README shows, not a copy of it.
awk '/^```python$/{on=1;next} /^```$/{if(on)exit} on' "$source/README.md" >readme.py
[ "$(wc -l <readme.py)" -ge 10 ] || { echo "README.md has no Python program"; exit 1; }
cp "$model" model.gguf
fresh/bin/python readme.py | tee out
grep -q Paris out
fresh/bin/python -m libinfer devices >devices
grep -q cpu devices
# A user's typed program, and what the library says of a broken file (exceptions unwind through all layers of this build).
"$python" -m mypy --strict --cache-dir="$work/cache" --python-executable fresh/bin/python readme.py
fresh/bin/python - "$source/tests/golden/errors/text.gguf" <<'PY'
import sys, libinfer
try:
    libinfer.LLM(sys.argv[1])
except ValueError as error:
    assert error.hint, error
else:
    sys.exit("a text was taken for a model")
PY
fresh/bin/python -m pip uninstall -q -y libinfer
! fresh/bin/python -c 'import libinfer' 2>/dev/null
