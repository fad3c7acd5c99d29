#!/usr/bin/env bash
# Prints the folder of oneDNN 3.13 (include/, lib/), taken from Maven Central's org.bytedeco:dnnl and kept in the cache folder.
# The cpu backend is whole without it: it only uses oneDNN for float matrices, and only when asked.
set -euo pipefail
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
root=$cache/onednn-3.13
if [ ! -e "$root/.done" ]; then
  rm -rf "$root"
  mkdir -p "$root/lib"
  work=$(mktemp -d "$cache/.onednn.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining oneDNN 3.13 (28 MB) ..." >&2
  (cd "$work" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    -Dartifact=org.bytedeco:dnnl:3.13-1.5.14:jar:linux-x86_64 -DoutputDirectory="$work") >&2
  python3 -m zipfile -e "$work/dnnl-3.13-1.5.14-linux-x86_64.jar" "$work/jar"
  from=$work/jar/org/bytedeco/dnnl/linux-x86_64
  cp -r "$from/include" "$root/"
  cp "$from/libdnnl.so.3" "$root/lib/libdnnl.so.3"
  touch "$root/.done"
fi
echo "$root"
