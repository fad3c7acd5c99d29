#!/usr/bin/env bash
# Properties of the built libinfer.so that a person would otherwise have to watch.
#   check_library.sh exports LIB GOLDEN      only infer_* with version LIBINFER_1, exactly the golden list
#   check_library.sh needed LIB              needs libc, libm and the loader alone; no executable stack
#   check_library.sh bans FILE...            our objects and archives call nothing that ends the process or prints
#   check_library.sh size LIB BYTES          no larger than that when stripped
#   check_library.sh abi LIB DUMP HEADERS    nothing incompatible with the committed ABI dump (abidiff)
#   check_library.sh dump LIB DUMP HEADERS   writes that dump (after a release, or when a struct grew: a reviewed change)
set -euo pipefail
export LC_ALL=C
say() { echo "check_library: $*" >&2; }
need() { command -v "$1" >/dev/null || { say "$1 is missing: install the Debian package $2 (packaging/install.sh test does)"; exit 1; }; }
task=$1; shift

exports() {
  need nm binutils
  local now; now=$(nm -D --defined-only --with-symbol-versions "$1" | awk '{print $NF}' | grep -v '^LIBINFER_1$' | sort)
  if ! diff <(printf '%s\n' "$now") "$2" >&2; then
    say "the exported names differ from $2 ('<' is what the library has). A new function: add its line. A lost one: an ABI break."
    exit 1
  fi
}

needed() {
  need readelf binutils
  local bad; bad=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | grep -Ev '^(libc\.so\.|libm\.so\.|ld-linux)' || true)
  [ -z "$bad" ] || { say "$1 needs $bad; it must need the C library alone"; exit 1; }
  readelf -dW "$1" | grep -Eq '\((RPATH|RUNPATH|TEXTREL)\)' && { say "$1 has an RPATH, RUNPATH or TEXTREL"; exit 1; }
  local stack; stack=$(readelf -lW "$1" | awk '$1 == "GNU_STACK" {print $7}')
  [ "$stack" = RW ] || { say "$1 asks for an executable stack (GNU_STACK '$stack')"; exit 1; }
}

# Ends the process, prints, or reads the environment. (snprintf and its kin only format.)
banned='^(abort|exit|_exit|_Exit|quick_exit|__assert_fail|raise|kill|signal|sigaction|system|getenv|secure_getenv|setlocale|printf|vprintf|fprintf|vfprintf|__printf_chk|__fprintf_chk|__vfprintf_chk|puts|fputs|fputc|putc|putchar|perror|stdout|stderr|_ZSt4cout|_ZSt4cerr|_ZSt4clog|_ZSt9terminatev|_ZNSt8ios_base4InitC1Ev)$'
bans() {
  need nm binutils
  local found=0 file name
  for file in "$@"; do
    while read -r name; do
      say "$file uses $name"
      found=1
    done < <(nm -u "$file" 2>/dev/null | awk '$1 == "U" {print $2}' | sed 's/@.*//' | grep -E "$banned" | sort -u)
  done
  [ $found = 0 ] || { say "a library that people embed neither ends their process nor prints nor reads the environment"; exit 1; }
}

size() {
  need strip binutils
  stripped=$(mktemp); trap 'rm -f "$stripped"' EXIT
  strip -o "$stripped" "$1"
  local bytes; bytes=$(stat -c %s "$stripped")
  echo "$bytes bytes, stripped"
  [ "$bytes" -le "$2" ] || { say "$1 is $bytes bytes when stripped; $2 are allowed: it ships in phones"; exit 1; }
}

abi_of() { abidw --headers-dir "$(realpath "$2")" --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --exported-interfaces-only "$1"; }
dump() { need abidw abigail-tools; abi_of "$1" "$3" | sed "s|path='$(realpath "$3/../..")/|path='|" > "$2"; }
abi() {
  need abidiff abigail-tools
  need abidw abigail-tools
  now=$(mktemp); trap 'rm -f "$now"' EXIT
  abi_of "$1" "$3" > "$now"
  # Bits of abidiff's answer: 1, 2 an error; 4 a change; 8 an incompatible one. Additions are compatible.
  local rc=0; abidiff --no-added-syms "$2" "$now" >&2 || rc=$?
  [ $rc = 0 ] || { say "the ABI changed against $2 (abidiff $rc). What was shipped never changes: add a new function, or grow a struct at its end."; exit 1; }
}

case $task in
  exports | needed | bans | size | abi | dump) "$task" "$@" ;;
  *) say "unknown task $task"; exit 2 ;;
esac
