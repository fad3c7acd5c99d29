#!/usr/bin/env bash
# wheel.sh FOLDER [CMAKE-OPTION...]   builds the Python wheel in build/wheel, puts it into FOLDER and prints its path. Needs no network beyond packaging/python.sh;
# the wheel's tag is the one that auditwheel finds for what is in it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
python=$("$here/python.sh" bindings)
export PATH=$(dirname "$python"):$PATH CCACHE_BASEDIR=$(dirname "$here") CCACHE_NOHASHDIR=1 CC=cc CXX=c++  # the names that other builds use: ccache knows what they compiled
settings=("-Cbuild-dir=$(dirname "$here")/build/wheel")
for option in "$@"; do settings+=("-Ccmake.define.${option#-D}"); done
work=$(mktemp -d "$folder/.wheel.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$python" -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation "${settings[@]}" -w "$work" "$here/../bindings/python" >&2
tag=$("$python" -m auditwheel show "$work"/*.whl | tr '\n' ' ' | grep -oE 'platform tag: "[^"]+"' | cut -d'"' -f2)
"$python" -m auditwheel -q repair --plat "$tag" -w "$folder" "$work"/*.whl >&2 2>/dev/null || cp "$work"/*.whl "$folder"
ls -t "$folder"/*.whl | head -1
