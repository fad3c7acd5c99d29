#!/usr/bin/env bash
# run.sh ROUND_TRIP: tool calls through the templates of tests/golden/template and back; with INFER_CONFORMANCE_COUNT set
# (./dev conformance) also through the 70 published ones.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$1" "$here/../../golden/template" --show 3
if [ -n "${INFER_CONFORMANCE_COUNT:-}" ]; then
  "$1" "$("$here/../published.sh")/templates" --show 3
fi
