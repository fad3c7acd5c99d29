// Backends linked into the library: a table that the build makes (lib/api/CMakeLists.txt).
#pragma once
#include <libinfer/backend.h>

#include <span>

namespace infer::device {
struct Builtin {
  const char* name;
  infer_backend_v0_fn entry;
};
std::span<const Builtin> builtin_backends();
}  // namespace infer::device
