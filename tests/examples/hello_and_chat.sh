#!/usr/bin/env bash
# The two examples that every language has, with a real model.   hello_and_chat.sh MODEL HELLO CHAT
# HELLO and CHAT are command lines, which get MODEL (and a question) as further arguments.
set -euo pipefail
model=$1 hello=$2 chat=$3
fail() { echo "$*"; exit 1; }
# The text of `greedy` in tests/golden/smollm2/greedy_1.golden (Hugging Face transformers).
answer=$($hello "$model" "List the first five prime numbers.")
[ "$answer" = "The first five prime numbers are 2, 3, 5, 7, and 11." ] || fail "hello said: $answer"
# The second question means something only behind the first.
out=$(printf 'Name the capital of France.\nAnd of Italy?\n' | timeout 120 $chat "$model") || fail "chat ended with $?"
mapfile -t said <<<"$out"
[[ ${said[0]} == *Paris* && ${said[1]-} == *Rome* ]] || fail "chat said: ${said[*]}"
# A file that is not there: no answer but what is wrong, and what to do.
for program in "$hello" "$chat"; do
  out=$(echo Hello | $program "$model.missing" 2>&1 >/dev/null) && fail "$program took a file that is not there"
  [[ $out == *"$model.missing"* ]] || fail "$program does not say which file is missing: $out"
done
