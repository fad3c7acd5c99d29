#include "base/status.h"

namespace infer {

Status Status::out_of_memory() noexcept {
  // Texts so short that the strings keep them in place, a pointer that owns nothing: no allocation, not even the first
  // time.
  static const Detail fixed{INFER_E_NO_MEMORY, "out of memory", "free memory"};
  Status s;
  s.detail_ = std::shared_ptr<const Detail>(std::shared_ptr<const Detail>(), &fixed);
  return s;
}

Status Status::in(std::string_view where) const {
  if (ok()) return *this;
  return Status(code(), str(where, ": ", message()), std::string(hint()));
}

}  // namespace infer
