#!/usr/bin/env bash
# run.sh RENDER_JSON: against a live jinja2: the templates of tests/golden/template, random programs, and the table of the
# language in README.md. With INFER_CONFORMANCE_COUNT set (./dev conformance) also the published templates, 70 and 214 more,
# and more of everything.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
python=$("$root/packaging/python.sh")
"$python" "$here/language.py" "$1"
"$python" "$here/compare.py" "$1" "$root/tests/golden/template" --random 60 --show 3
"$python" "$here/programs.py" "$1" --count 1000 --show 3
if [ -n "${INFER_CONFORMANCE_COUNT:-}" ]; then
  "$python" "$here/compare.py" "$1" "$("$here/../published.sh")/templates" "$("$python" "$here/collect.py")" --random $((INFER_CONFORMANCE_COUNT / 1000)) --show 3
  "$python" "$here/programs.py" "$1" --count "$INFER_CONFORMANCE_COUNT" --seed 2 --show 3
fi
