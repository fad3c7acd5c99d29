// Builds a string out of trusted bytes and pieces of other strings, and keeps every piece's marks.
//
// A failure (a budget that ran out) sticks: further additions do nothing and finish() reports it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "text/template/letters.h"
#include "text/template/value.h"

namespace infer::text::jinja {

class Builder {
 public:
  explicit Builder(Meter& m) : meter_(m) {}
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  ~Builder() { meter_.shrink(charged_); }

  void add(std::string_view bytes, Marks marks = 0);
  void add(char c, Marks marks = 0) { add(std::string_view(&c, 1), marks); }
  void add(const Text& t) { add(t, 0, t.bytes.size()); }
  void add(const Text& t, size_t begin, size_t end);  // bytes [begin, end) with their marks
  void repeat(const Text& t, int64_t times);
  void fail(Status s) {
    if (status_.ok()) status_ = std::move(s);
  }

  const Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }
  size_t size() const { return bytes_.size(); }
  // Adds to the marks of every byte from `from` on.
  void mark_from(size_t from, Marks marks);
  // If any byte from `from` on is input, all of them are: for text whose structure follows from input.
  void taint_from(size_t from);

  Result<Value> finish(bool safe = false);
  Result<Rendered> render();

 private:
  bool reserve(size_t more);
  void mark(size_t begin, size_t end, Marks marks);

  Meter& meter_;
  Status status_;
  std::string bytes_;
  std::vector<Run> runs_;
  int64_t charged_ = 0;  // bytes, for bytes_ and runs_
  size_t work_ = 0;      // bytes copied since the last step was counted
};

// Appends every character of t as `map(character, its byte in t, out)` makes it; what it becomes keeps the character's
// marks.
template <class Map>
void map_characters(Builder& out, const Text& t, Map map) {
  std::string now;
  MarksOf marks(t);
  size_t size;
  for (size_t i = 0; i < t.bytes.size() && out.ok(); i += size) {
    const char32_t c = decode(t.bytes, i, size);
    now.clear();
    map(c, i, now);
    out.add(now, marks.at(i));
  }
}

}  // namespace infer::text::jinja
