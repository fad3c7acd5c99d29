// Messages for people. Goes where the host asked (infer_hooks.log); nowhere by default. Never needed to understand a
// failure.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace infer {

enum class LogLevel : int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// Copied freely; thread-safe if the sink is. An empty sink drops everything.
class Log {
 public:
  using Sink = std::function<void(LogLevel, std::string_view)>;
  Log() = default;
  explicit Log(Sink sink, LogLevel least = LogLevel::kInfo) : sink_(std::move(sink)), least_(least) {}
  void operator()(LogLevel level, std::string_view text) const noexcept {
    if (!sink_ || level < least_) return;
    try {
      sink_(level, text);
    } catch (...) {  // a host's log function that throws must not take the engine with it
    }
  }

 private:
  Sink sink_;
  LogLevel least_ = LogLevel::kInfo;
};

}  // namespace infer
