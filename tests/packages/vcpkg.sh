#!/usr/bin/env bash
# The vcpkg port as far as it can be tried without vcpkg (which no registry at hand has): its description is whole and of this
# version, and its steps, run with stand-ins for vcpkg's functions, give a package that a project finds and links, static and
# shared.   vcpkg.sh BUILD SOURCE MODEL
set -euo pipefail
build=$1 source=$2 model=$3
fail() { echo "vcpkg: $*"; exit 1; }
python3 - "$source" <<'PY'
import json, re, sys
port = json.load(open(sys.argv[1] + "/packaging/vcpkg/vcpkg.json"))
version = re.search(r"project\(libinfer VERSION ([0-9.]+)", open(sys.argv[1] + "/CMakeLists.txt").read()).group(1)
assert port["version"] == version, f"vcpkg.json says {port['version']}, CMakeLists.txt {version}"
names = [d if isinstance(d, str) else d["name"] for d in port["dependencies"]]
assert names == sorted(names), "dependencies are listed in order"
PY
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/installed/include"
quietly() { "$@" >"$work/log" 2>&1 || fail "$* failed: $(tail -30 "$work/log")"; }
for linkage in static dynamic; do
  package=$work/$linkage
  quietly cmake "-DCURRENT_PORT_DIR=$source/packaging/vcpkg" "-DCURRENT_PACKAGES_DIR=$package" "-DCURRENT_INSTALLED_DIR=$work/installed" \
    "-DVCPKG_LIBRARY_LINKAGE=$linkage" "-DBUILD=$build" -P "$source/tests/packages/vcpkg_functions.cmake"
  grep -q -- "-isystem $work/installed/include" "$package/configured/compile_commands.json" || fail "headers of other ports are not looked for"
  ! grep -E "INFER_(TESTS|TOOLS|VULKAN|CUDA):.*=(ON|AUTO)" "$package/configured/CMakeCache.txt" || fail "these settings were not taken"
  [ -e "$package/share/libinfer/copyright" ] && [ -e "$package/share/libinfer/usage" ] || fail "no copyright or usage"
  [ "$(ls "$package"/lib/libinfer.* | grep -c '\.a$')" = "$([ $linkage = static ] && echo 1 || echo 0)" ] || fail "$linkage: $(ls "$package/lib")"
  cp -r "$source/tests/packages/sample" "$package/app"
  "$source/tests/packages/readme.sh" "$source" c >"$package/app/hello.c"
  quietly cmake -G Ninja -S "$package/app" -B "$package/app/build" -DKINDS=libinfer -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=$package"
  quietly cmake --build "$package/app/build"
  "$package/app/build/hello.c_libinfer" "$model" "Name the capital of France." | grep -q Paris || fail "$linkage: no answer"
  needs=$(readelf -d "$package/app/build/hello.c_libinfer" | grep -c 'NEEDED.*libinfer.so' || true)
  [ "$needs" = "$([ $linkage = dynamic ] && echo 1 || echo 0)" ] || fail "$linkage: the program needs libinfer.so $needs times"
done
echo "the port's steps, static and dynamic (not vcpkg itself): both answered"
