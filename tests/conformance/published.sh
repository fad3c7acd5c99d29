#!/usr/bin/env bash
# Prints a folder with published data of models: templates/*.jinja (70 chat templates) and vocabularies/*.gguf (19), from the
# source distribution of llama-cpp-python on PyPI, and that package's own llama_cpp/llama.py (its parameters are compared). They are their models' metadata, so they are fetched for comparing and not
# kept here. Takes them once, checks the hash.
set -euo pipefail
version=0.3.36
sum=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
cache=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}
folder=$cache/published-$version
if [ ! -e "$folder/.done" ] || [ ! -e "$folder/llama_cpp/llama.py" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.published.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "Obtaining the templates and vocabularies in llama-cpp-python $version (source distribution, 70 MB) ..." >&2
  python3 -m pip download -q --disable-pip-version-check --no-deps --no-cache-dir --no-binary llama-cpp-python -d "$work" "llama-cpp-python==$version" >&2
  echo "$sum  $work/llama_cpp_python-$version.tar.gz" | sha256sum --quiet -c - >&2 || { echo "The download has a wrong hash; nothing was kept." >&2; exit 1; }
  mkdir -p "$folder/templates" "$folder/vocabularies" "$folder/llama_cpp"
  tar -xzf "$work/llama_cpp_python-$version.tar.gz" -C "$folder/templates" --strip-components=5 --wildcards '*/vendor/llama.cpp/models/templates/*.jinja'
  tar -xzf "$work/llama_cpp_python-$version.tar.gz" -C "$folder/vocabularies" --strip-components=4 --wildcards '*/vendor/llama.cpp/models/ggml-vocab-*.gguf'
  tar -xzf "$work/llama_cpp_python-$version.tar.gz" -C "$folder/llama_cpp" --strip-components=2 --wildcards '*/llama_cpp/llama.py'
  touch "$folder/.done"
fi
echo "$folder"
