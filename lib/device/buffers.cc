#include "device/buffers.h"

#include <cstring>

namespace infer::device {

Status Bytes::read(size_t from, std::span<std::byte> out) const {
  if (file) return file->read(data.data() + from - file->bytes().data(), out);
  if (!out.empty()) std::memcpy(out.data(), data.data() + from, out.size());
  return {};
}

Buffer::~Buffer() {
  if (buf_) call_quietly([&] { device_->backend().buffer_free(buf_); });
}

Result<Buffer> Buffer::make(const Device& device, int64_t bytes, infer_use use, std::string_view what) {
  const std::string doing = str("getting ", bytes, " bytes for ", what);
  infer_buf* made = nullptr;  // what a failing call leaves here is not ours
  TRY(device.call(doing, [&] { return device.backend().buffer_new(device.dev(), bytes, use, &made); }));
  if (!made) return Status::internal(str("backend '", device.name(), "' answered OK and gave no buffer: ", doing));
  Buffer b(device, made, bytes);
  if (device.info().host_memory == 1 && INFER_HAS(&device.backend(), buffer_host))
    b.host_ = static_cast<std::byte*>(call_or<void*>(nullptr, [&] { return device.backend().buffer_host(b.buf_); }));
  if (reinterpret_cast<uintptr_t>(b.host_) % 64)
    return Status::internal(str("backend '", device.name(), "' gave a buffer that is not aligned to 64: ", doing));
  return b;
}

Status Buffer::tell(const Source& source) const {
  if (!source.file || !INFER_HAS(&device_->backend(), buffer_source)) return {};
  const auto intact = [](const void* file) -> int32_t {
    return call_or<bool>(false, [&] { return static_cast<const File*>(file)->intact().ok(); });
  };
  const infer_source told{
      {sizeof told, INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR}, source.id.c_str(), source.offset, source.file, intact};
  return device_->call("hearing where a weight comes from",
                       [&] { return device_->backend().buffer_source(buf_, &told); });
}

Result<Buffer> Buffer::hold(const Device& device, std::span<const std::byte> data, const Source& source,
                            std::string_view what) {
  const auto bytes = static_cast<int64_t>(data.size());
  if (reinterpret_cast<uintptr_t>(data.data()) % 16 == 0 && INFER_HAS(&device.backend(), buffer_import)) {
    infer_buf* made = nullptr;
    const Status s = device.call(str("using ", what, " in place"), [&] {
      return device.backend().buffer_import(device.dev(), data.data(), bytes, 1, &made);
    });
    if (s.ok() && !made)
      return Status::internal(str("backend '", device.name(), "' answered OK and gave no buffer for ", what));
    if (s.ok()) {
      Buffer b(device, made, bytes);
      b.imported_ = true;
      TRY(b.tell(source));
      return b;
    }
    if (s.code() != INFER_E_UNSUPPORTED) return s;
  }
  TRY_SET(Buffer b, make(device, bytes, INFER_USE_WEIGHT, what));
  TRY(b.write(0, data.data(), bytes));
  return b;
}

Status Buffer::write(int64_t at, const void* src, int64_t n) const {
  if (host_) return std::memcpy(host_ + at, src, static_cast<size_t>(n)), Status();
  return device_->call("writing to its memory", [&] { return device_->backend().buffer_write(buf_, at, src, n); });
}

Status Buffer::read(int64_t at, void* dst, int64_t n) const {
  if (host_) return std::memcpy(dst, host_ + at, static_cast<size_t>(n)), Status();
  return device_->call("reading its memory", [&] { return device_->backend().buffer_read(buf_, at, dst, n); });
}

Result<int64_t> Buffer::discard(int64_t at, int64_t n) const {
  int64_t freed = 0;
  if (!INFER_HAS(&device_->backend(), buffer_discard)) return freed;
  TRY(device_->call("letting go of memory", [&] { return device_->backend().buffer_discard(buf_, at, n, &freed); }));
  return std::clamp<int64_t>(freed, 0, n);
}

}  // namespace infer::device
