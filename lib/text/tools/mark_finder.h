// Marks in a text that comes byte by byte: what cannot be the beginning of one is passed on at once, what can be is
// held. No mark is the beginning of another. A byte costs time for the marks there are, not for the text.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infer::text::tools {

class MarkFinder {
 public:
  // Empty marks are left out of the search, but have their number.
  void look_for(std::vector<std::string_view> marks) {
    marks_ = std::move(marks);
    held_.clear();
  }
  // Appends what passes. The number of the mark that this byte completes, or -1.
  int take(char c, std::string& passed) {
    held_ += c;
    size_t from = 0;
    for (; from < held_.size(); ++from) {
      const std::string_view rest = std::string_view(held_).substr(from);
      bool begins = false;
      for (size_t m = 0; m < marks_.size(); ++m) {
        if (marks_[m].empty() || !marks_[m].starts_with(rest)) continue;
        if (marks_[m].size() == rest.size()) {
          passed.append(held_, 0, from);
          held_.clear();
          return static_cast<int>(m);
        }
        begins = true;
      }
      if (begins) break;
    }
    passed.append(held_, 0, from);
    held_.erase(0, from);
    return -1;
  }
  const std::string& held() const { return held_; }
  std::string release() { return std::exchange(held_, {}); }

 private:
  std::vector<std::string_view> marks_;
  std::string held_;
};

}  // namespace infer::text::tools
