#!/usr/bin/env bash
# Runs Maven on the binding, with what a build folder holds for it (cmake --build BUILD --target infer_java):
#   build.sh BUILD [MAVEN ARGUMENTS]     build.sh build/release install -DskipTests -Dmaven.repo.local=DIR
# The jars come into BUILD/bindings/java/target.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
shift
[ -e "$build/bindings/java/stage/done" ] || { echo "cmake --build $build --target infer_java comes first" >&2; exit 1; }
exec mvn -B -q -f "$here/pom.xml" "-Dlibinfer.stage=$build/bindings/java/stage" "${@:-package}"
