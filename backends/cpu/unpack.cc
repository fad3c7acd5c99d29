// The table of unpackers: one row per type, functions in unpack_*.cc.
#include "backends/cpu/unpack.h"

namespace infer::cpu {

std::span<const Unpacker> unpackers() { return {}; }

const Unpacker* find_unpacker(quant::Type type) {
  for (const Unpacker& u : unpackers())
    if (u.type == type) return &u;
  return nullptr;
}

}  // namespace infer::cpu
