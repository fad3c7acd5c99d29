#!/usr/bin/env bash
# The day a GPU is there: holds the real cuda plugin to the contract, measures it, and keeps what was printed. Needs a
# release build (./dev test makes one) and nothing from the network.
#   cuda_on_gpu.sh [OUT] [MODEL.gguf]     OUT: folder for the raw output; default build/release/gpu
set -uo pipefail
cd "$(dirname "$0")/../.."
build=build/release
out=${1:-$build/gpu} model=${2:-}
plugin=$build/lib/libinfer/libinfer-cuda.so
mkdir -p "$out"
failed=0
step() {  # name, command
  local name=$1
  shift
  echo "== $name"
  "$@" >"$out/$name.log" 2>&1 || { echo "FAILED: $name"; failed=1; }
  tail -4 "$out/$name.log"
}
nvidia-smi >"$out/nvidia-smi.log" 2>&1 || echo "no nvidia-smi"
for group in golden ops hostile refuse same; do
  step "conform-$group" "$build/bin/infer-conform" --complete --group "$group" --set use=gpus "$plugin"
done
step conform-launches "$build/bin/infer-conform" --complete --group golden --group ops --set use=gpus --set graphs=false "$plugin"
step conform-exact "$build/bin/infer-conform" --complete --group golden --group ops --set use=gpus --set precision=exact "$plugin"
if command -v compute-sanitizer >/dev/null; then
  step sanitizer-memory compute-sanitizer --error-exitcode 9 "$build/bin/infer-conform" --complete --group golden --set use=gpus --set graphs=false "$plugin"
  step sanitizer-races compute-sanitizer --tool racecheck --error-exitcode 9 "$build/bin/infer-conform" --complete --group golden --set use=gpus --set graphs=false "$plugin"
else
  echo "no compute-sanitizer"
fi
step matvec "$build/bin/bench_matvec" --set use=gpus "$plugin"
if [ -n "$model" ]; then
  step answer "$build/bin/infer" run "$model" "The capital of France is" --raw --max-tokens 32 --temperature 0 --device cuda:0
  step bench "$build/bin/infer" bench "$model" --device cuda:0
fi
exit $failed
