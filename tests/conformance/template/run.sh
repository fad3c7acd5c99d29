#!/usr/bin/env bash
# run.sh RENDER_JSON: the templates of tests/golden/template against a live jinja2; with INFER_CONFORMANCE_COUNT set
# (./dev conformance) also the 70 published ones.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
python=$("$root/packaging/python.sh")
"$python" "$here/compare.py" "$1" "$root/tests/golden/template" --show 3
if [ -n "${INFER_CONFORMANCE_COUNT:-}" ]; then
  "$python" "$here/compare.py" "$1" "$("$here/../published.sh")/templates" --show 3
fi
