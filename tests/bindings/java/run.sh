#!/usr/bin/env bash
# The tests of the Java binding under -Xcheck:jni, whose complaints are failures:   run.sh SOURCE BUILD MODEL
set -euo pipefail
source=$1 build=$2 model=$3
log=$build/bindings/java/test.log
if ! "$source/bindings/java/build.sh" "$build" test "-Dlibinfer.smollm2=$model" >"$log" 2>&1; then
  grep -v '^\s*at \(java\.base\|org\.junit\)' "$log" | tail -80
  exit 1
fi
if grep -E -A12 'WARNING in native method|FATAL ERROR in native|WARNING: JNI' "$log"; then
  echo "-Xcheck:jni has found this"
  exit 1
fi
reports=$build/bindings/java/target/surefire-reports
sed -n 's/.*<testsuite .* name="\([^"]*\)" time="\([^"]*\)" tests="\([0-9]*\)".*/\1: \3 tests, \2 s/p' "$reports"/TEST-*.xml
[ "$(cat "$reports"/TEST-*.xml | grep -c '<testcase ')" -ge 75 ] || { echo "too few tests ran"; exit 1; }
