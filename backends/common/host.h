// How a backend speaks to its host: failures with a message, and a guard so that nothing is thrown across the line.
#pragma once
#include <libinfer/backend.h>

#include <atomic>
#include <new>
#include <string_view>

#include "base/status.h"

namespace infer::backend {

// The host's table, which lives as long as the process. A backend has one Host, set by its entry symbol (each runtime
// calls it).
class Host {
 public:
  constexpr Host() = default;
  void set(const infer_host* table) { table_.store(table, std::memory_order_release); }
  // Is there a host at all, and can it be told about failures?
  static bool usable(const infer_host* table) {
    return table && table->abi.major == INFER_BACKEND_MAJOR && INFER_HAS(table, fail);
  }

  infer_status fail(infer_status code, std::string_view message) const noexcept {
    const infer_host* table = table_.load(std::memory_order_acquire);
    return table->fail(table->self, code, message.data(), static_cast<int64_t>(message.size()));
  }
  // OK, or the failure recorded with the host.
  infer_status answer(const Status& s) const noexcept { return s.ok() ? INFER_OK : fail(s.code(), s.message()); }
  void log(int32_t level, std::string_view text) const noexcept {
    const infer_host* table = table_.load(std::memory_order_acquire);
    if (INFER_HAS(table, log)) table->log(table->self, level, text.data(), static_cast<int64_t>(text.size()));
  }
  // Within device_open: what the host lends to this device; null: nothing.
  const infer_executor* executor() const noexcept {
    const infer_host* table = table_.load(std::memory_order_acquire);
    const infer_executor* lent = INFER_HAS(table, executor) ? table->executor(table->self) : nullptr;
    return lent && INFER_HAS(lent, parallel) ? lent : nullptr;
  }

  // Runs f (-> Status); exceptions become failures.
  template <class F>
  infer_status guard(F&& f) const noexcept {
    try {
      return answer(f());
    } catch (const std::bad_alloc&) {
      return fail(INFER_E_NO_MEMORY, "out of memory");
    } catch (...) {
      return fail(INFER_E_INTERNAL, "unexpected exception in the backend");
    }
  }

 private:
  std::atomic<const infer_host*> table_{nullptr};
};

}  // namespace infer::backend
