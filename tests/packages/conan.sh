#!/usr/bin/env bash
# `conan create` makes the package from this tree, static and shared, with its own test; then a project elsewhere requires it, is
# built and answers.   conan.sh SOURCE MODEL
set -euo pipefail
source=$(realpath "$1") model=$(realpath "$2")
fail() { echo "conan: $*"; exit 1; }
conan=$(dirname "$("$source/packaging/python.sh" conan)")/conan
# The compiler cache knows the objects already: the paths are alike, and -m64 is what the compiler does anyway.
export CONAN_HOME=$source/build/conan CCACHE_BASEDIR=$source/build/conan CCACHE_NOHASHDIR=1 CCACHE_IGNOREOPTIONS=-m64
onednn=$("$source/packaging/onednn.sh")
rm -rf "$CONAN_HOME"
mkdir -p "$CONAN_HOME"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() { "$@" >"$work/log" 2>&1 || fail "$* failed: $(tail -30 "$work/log")"; }
cd "$work" # Conan writes presets where it stands
quietly "$conan" profile detect
"$source/tests/packages/readme.sh" "$source" c >"$work/hello.c"
for shared in False True; do
  options=(-o "libinfer/*:shared=$shared" -c "tools.cmake.cmake_layout:test_folder=\$TMP" -c tools.cmake.cmaketoolchain:generator=Ninja
    -c "tools.cmake.cmaketoolchain:extra_variables={'INFER_ONEDNN_ROOT': '$onednn'}")
  quietly "$conan" create "$source/packaging/conan" "${options[@]}"
  reference=$(sed -n 's/^project(libinfer VERSION \([0-9.]*\).*/libinfer\/\1/p' "$source/CMakeLists.txt")
  app=$work/app_$shared
  cp -r "$source/tests/packages/sample" "$app"
  cp "$work/hello.c" "$source/examples/cpp/hello.cc" "$app"
  quietly "$conan" install --requires "$reference" "${options[@]}" -g CMakeDeps -g CMakeToolchain --output-folder "$app/conan"
  quietly cmake -G Ninja -S "$app" -B "$app/build" -DCPP=ON -DKINDS=libinfer -DCMAKE_BUILD_TYPE=Release \
    "-DCMAKE_TOOLCHAIN_FILE=$(find "$app/conan" -name conan_toolchain.cmake)"
  quietly cmake --build "$app/build"
  for program in "$app"/build/hello.*_libinfer; do
    "$program" "$model" "Name the capital of France." | grep -q Paris || fail "$program (shared=$shared) did not answer"
    needs=$(readelf -d "$program" | grep -c 'NEEDED.*libinfer.so' || true)
    [ "$needs" = "$([ $shared = True ] && echo 1 || echo 0)" ] || fail "$program (shared=$shared) needs libinfer.so $needs times"
  done
done
echo "conan create and install, static and shared, C and C++: all answered"
