#!/usr/bin/env bash
# Installs what a build (`install.sh build`) or the whole test suite (`install.sh test`) needs from the machine's own Debian
# and Python registries. Versions are pinned up to Debian's security revisions. Does nothing when everything is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

build=(
  g++=4:12.2* cmake=3.25* ninja-build=1.11* ccache=4.* nlohmann-json3-dev=3.11* libcli11-dev=2.1* libxxhash-dev=0.8*
  glslang-tools=12.0* libvulkan-dev=1.3.239* libvulkan-volk-dev=1.3.239*
  python3-pip=23.0* python3-venv=3.11* ca-certificates
)
test=(
  doctest-dev=2.4* clang=1:14.0* libclang-rt-14-dev=1:14.0* clang-format=1:14.0* clang-tidy=1:14.0* lld=1:14.0*
  g++-aarch64-linux-gnu=4:12.2* qemu-user-static=1:7.2* g++-mingw-w64-x86-64-posix=12.2* wine64=8.0* libsimde-dev=0.7.4*
  abigail-tools=2.2* pkg-config=1.8* binutils=2.40* git maven=3.8* openjdk-17-jdk-headless swig=4.1* unzip=6.0*
  debootstrap=1.0* dpkg-dev=1.21* lintian=2.116*
  python3-dev=3.11*
  mesa-vulkan-drivers=22.3* vulkan-validationlayers=1.3.239* spirv-tools=2023.1*
)

want=("${build[@]}")
case "${1:-build}" in
  build) ;;
  test) want+=("${test[@]}") ;;
  *) echo "usage: install.sh build|test" >&2; exit 2 ;;
esac

missing=()
for spec in "${want[@]}"; do
  dpkg-query -W -f='${Status}' "${spec%%=*}" 2>/dev/null | grep -q 'ok installed' || missing+=("$spec")
done
# A compiler or build tool that came another way than by apt is as good.
keep=()
for spec in "${missing[@]}"; do
  case "${spec%%=*}" in
    g++) command -v g++ >/dev/null && continue ;;
    cmake) command -v cmake >/dev/null && continue ;;
    ninja-build) command -v ninja >/dev/null && continue ;;
    maven) command -v mvn >/dev/null && continue ;;
    openjdk-17-jdk-headless) command -v javac >/dev/null && continue ;;
    python3-dev) python3 -c 'import os, sysconfig; assert os.path.exists(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null && continue ;;
    python3-pip) python3 -m pip --version >/dev/null 2>&1 && continue ;;
    python3-venv) python3 -c 'import venv, ensurepip' >/dev/null 2>&1 && continue ;;
  esac
  keep+=("$spec")
done
if [ ${#keep[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "These packages are missing and installing them needs root: ${keep[*]}" >&2
    exit 1
  fi
  echo "Installing: ${keep[*]}"
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${keep[@]}"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    exit 1
  fi
  rm -f "$log"
fi
