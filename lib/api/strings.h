// Strings that are lent across the C line: they stay where they are as long as the object that keeps them.
#pragma once
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace infer::api {

class Strings {
 public:
  const char* keep(std::string_view text) {
    std::lock_guard lock(mutex_);
    const auto found = kept_.find(text);
    return (found != kept_.end() ? found : kept_.emplace(text).first)->c_str();
  }

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> kept_;  // nodes do not move
};

}  // namespace infer::api
