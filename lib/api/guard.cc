#include "api/guard.h"

#include <algorithm>
#include <cstring>

namespace infer::api {
namespace {

thread_local char message_buffer[2048];
thread_local char hint_buffer[1024];

// Copies what fits, whole characters only, and ends with NUL.
template <size_t N>
void put(char (&buffer)[N], std::string_view text) noexcept {
  size_t n = std::min(text.size(), N - 1);
  if (n < text.size()) {
    while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0u) == 0x80u) --n;
  }
  std::memmove(buffer, text.data(), n);
  buffer[n] = '\0';
  std::replace(buffer, buffer + n, '\0', ' ');
}

}  // namespace

infer_status record(infer_status code, std::string_view message, std::string_view hint) noexcept {
  put(message_buffer, message);
  put(hint_buffer, hint);
  return code;
}

const char* last_message() noexcept { return message_buffer; }
const char* last_hint() noexcept { return hint_buffer; }

}  // namespace infer::api

extern "C" {

uint32_t infer_abi_version(void) noexcept { return uint32_t{INFER_ABI_MAJOR} << 16 | INFER_ABI_MINOR; }
const char* infer_version(void) noexcept { return INFER_VERSION_TEXT; }
const char* infer_last_error(void) noexcept { return infer::api::last_message(); }
const char* infer_last_hint(void) noexcept { return infer::api::last_hint(); }

const char* infer_status_name(infer_status s) noexcept {
  switch (s) {
    case INFER_OK:
      return "INFER_OK";
    case INFER_DONE:
      return "INFER_DONE";
    case INFER_PENDING:
      return "INFER_PENDING";
    case INFER_E_INVALID:
      return "INFER_E_INVALID";
    case INFER_E_NO_MEMORY:
      return "INFER_E_NO_MEMORY";
    case INFER_E_NOT_FOUND:
      return "INFER_E_NOT_FOUND";
    case INFER_E_UNSUPPORTED:
      return "INFER_E_UNSUPPORTED";
    case INFER_E_CORRUPT:
      return "INFER_E_CORRUPT";
    case INFER_E_IO:
      return "INFER_E_IO";
    case INFER_E_FULL:
      return "INFER_E_FULL";
    case INFER_E_CANCELLED:
      return "INFER_E_CANCELLED";
    case INFER_E_DEVICE_LOST:
      return "INFER_E_DEVICE_LOST";
    case INFER_E_ABI:
      return "INFER_E_ABI";
    case INFER_E_INTERNAL:
      return "INFER_E_INTERNAL";
    case INFER_E_TOO_LONG:
      return "INFER_E_TOO_LONG";
    case INFER_STATUS_FORCE32:
      break;
  }
  return "unknown status";
}

}  // extern "C"
