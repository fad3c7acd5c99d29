// The part of File that is the same on every platform.
#include "base/file.h"

#include <cstring>

#include "base/checked.h"

namespace infer {

namespace {
class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) {
    bytes_ = bytes;
    name_ = "memory";
  }
};
}  // namespace

Status File::read(int64_t at, std::span<std::byte> out) const {
  if (!inside(at, static_cast<int64_t>(out.size()), static_cast<int64_t>(bytes_.size())))
    return Status::invalid(str("bytes [", at, ", +", out.size(), ") of '", name_, "', which has ", bytes_.size()));
  return read_inside(at, out);
}

Status File::read_inside(int64_t at, std::span<std::byte> out) const {
  TRY(intact());
  if (!out.empty()) std::memcpy(out.data(), bytes_.data() + at, out.size());
  return {};
}

Result<std::shared_ptr<const File>> File::from_memory(const void* data, int64_t length) {
  if (length < 0) return Status::invalid(str("a length of ", length, " bytes was given for a file in memory"));
  if (length == 0) return Status::corrupt("the file in memory is empty", "pass the bytes of a whole file");
  if (!data) return Status::invalid(str("a null pointer was given for a file of ", length, " bytes in memory"));
  const auto n = narrow<size_t>(length);
  if (!n) return Status::no_memory(str("a file of ", length, " bytes does not fit this process's address space"));
  return {std::make_shared<const MemoryFile>(std::span(static_cast<const std::byte*>(data), *n))};
}

}  // namespace infer
