#!/usr/bin/env bash
# The Debian packages in a folder, as a user has them: lintian finds no error in them; `apt install` puts them into a bare Debian
# (without registries: whatever they need is there or fails), README's C program is compiled and answers, shared and static, and
# removing them leaves nothing.   deb.sh FOLDER SOURCE MODEL      as root; the system itself stays untouched
set -euo pipefail
fail() { echo "deb: $*"; exit 1; }
folder=$(realpath "$1") source=$(realpath "$2") model=$(realpath "$3")

# All mounts belong to a name space that ends with this script; what is written goes to a memory that ends with it.
if [ -z "${DEB_TEST_ROOT:-}" ]; then
  [ "$(id -u)" = 0 ] || fail "needs root, for a root of its own"
  for tool in lintian debootstrap; do command -v $tool >/dev/null || fail "$tool is missing (packaging/install.sh test)"; done
  [ "$(find "$folder" -maxdepth 1 -name '*.deb' | wc -l)" = 3 ] || fail "there are not three packages in $folder"
  lintian --allow-root --fail-on error "$folder"/*.deb
  DEB_TEST_ROOT=$("$source/packaging/debian_root.sh")
  DEB_TEST_WORK=$(mktemp -d)
  trap 'rmdir "$DEB_TEST_WORK"' EXIT
  export DEB_TEST_ROOT DEB_TEST_WORK
  unshare --mount true 2>/dev/null || fail "this test mounts, and may not (in a container: CAP_SYS_ADMIN)"
  unshare --mount --propagation private "$0" "$@"
  exit
fi
work=$DEB_TEST_WORK
mount -t tmpfs tmpfs "$work"
mkdir "$work"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=$DEB_TEST_ROOT,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mkdir "$root/test"
cp "$folder"/*.deb "$root/test"
cp "$source/examples/cpp/hello.cc" "$root/test"
"$source/tests/packages/readme.sh" "$source" c >"$root/test/hello.c"
touch "$root/test/model.gguf"
mount --bind -o ro "$model" "$root/test/model.gguf"
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive /bin/bash -euc "cd /test; $1"; }
files() { inside "find / -xdev -path /proc -prune -o -path /test -prune -o -name '*infer*' -print"; }

[ -z "$(files)" ] || fail "the root is not bare: $(files)"
inside 'apt-get install -qq -y --no-install-recommends ./*.deb >log 2>&1 || { tail -20 log; exit 1; }' || fail "apt install failed"
inside 'ldconfig -p | grep -q "libinfer.so.1 "' || fail "the loader does not know libinfer.so.1"
for how in 'cc -std=c99 -Wall -Wextra -Werror hello.c -o hello $(pkg-config --cflags --libs libinfer)' \
  'cc -static hello.c -o hello $(pkg-config --static --cflags --libs libinfer) 2>/dev/null' \
  'c++ -std=c++17 hello.cc -o hello $(pkg-config --cflags --libs libinfer)'; do
  inside "$how; ./hello model.gguf 'Name the capital of France.'" | grep Paris || fail "$how: no answer"
done
inside 'infer run model.gguf "Name the capital of France." --temperature 0 2>/dev/null' | grep -q Paris || fail "the tool does not answer"
inside 'infer doctor' >"$work/doctor"
for plugin in "$root"/usr/lib/*/libinfer/libinfer-*.so; do # each plugin that was packed is found where the library looks
  name=${plugin##*/libinfer-}
  grep -q "${name%.so}" "$work/doctor" || fail "infer doctor does not name the plugin $name: $(cat "$work/doctor")"
done

# find_package in Debian's folders, by this machine's CMake.
cp -r "$source/tests/packages/sample" "$work/sample"
cp "$root"/test/hello.c{,c} "$work/sample"
{ cmake -G Ninja -S "$work/sample" -B "$work/build" -DCPP=ON -DCMAKE_PREFIX_PATH="$root/usr" && cmake --build "$work/build"; } >"$work/log" 2>&1 || fail "$(tail -20 "$work/log")"
grep -q "$root/usr/lib" "$work/build/CMakeCache.txt" || fail "find_package found another libinfer"
for program in "$work/build"/hello.*_{libinfer,static}; do "$program" "$model" "Name the capital of France." | grep -q Paris || fail "$program"; done

inside 'apt-get purge -qq -y libinfer1 libinfer-dev libinfer-tools >log 2>&1 || { tail -20 log; exit 1; }' || fail "apt purge failed"
[ -z "$(files)" ] || fail "left behind: $(files)"
echo "three packages installed, used and removed"
