#include "base/status.h"

namespace infer {

Status Status::out_of_memory() noexcept {
  // Made once, while memory is there; handing out a copy only counts a reference.
  static const Status fixed(INFER_E_NO_MEMORY, "out of memory",
                            "free memory, or use a smaller model, context or batch");
  return fixed;
}

Status Status::in(std::string_view where) const {
  if (ok()) return *this;
  return Status(code(), str(where, ": ", message()), std::string(hint()));
}

}  // namespace infer
