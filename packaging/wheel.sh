#!/usr/bin/env bash
# wheel.sh FOLDER [CMAKE-OPTION...]   builds the Python wheel in build/wheel, puts it into FOLDER and prints its path. Needs no network beyond packaging/python.sh;
# auditwheel checks that what is in it fits the tag.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
python=$("$here/python.sh" bindings)
export PATH=$(dirname "$python"):$PATH CCACHE_BASEDIR=$(dirname "$here") CCACHE_NOHASHDIR=1 CC=cc CXX=c++  # the names that other builds use: ccache knows what they compiled
settings=("--config-settings=build-dir=$(dirname "$here")/build/wheel")
for option in "$@"; do settings+=("--config-settings=cmake.define.${option#-D}"); done
work=$(mktemp -d "$folder/.wheel.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$python" -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation "${settings[@]}" -w "$work" "$here/../bindings/python" >&2
# Refuses what needs more than the tag says.
"$python" -m auditwheel -v repair --plat "manylinux_2_28_$(uname -m)" --only-plat -w "$work/tagged" "$work"/*.whl >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }
mv "$work"/tagged/*.whl "$folder"
ls -t "$folder"/*.whl | head -1
