#include "text/template/builder.h"

#include <algorithm>

namespace infer::text::jinja {

bool Builder::reserve(size_t more) {
  if (!status_.ok()) return false;
  work_ += more;
  if (work_ >= 1024) {
    if (Status s = meter_.step(static_cast<int64_t>(work_ >> 10)); !s.ok()) return fail(std::move(s)), false;
    work_ &= 1023;
  }
  const size_t need = bytes_.size() + more;
  if (need <= bytes_.capacity()) return true;
  const size_t capacity = std::max(need, bytes_.capacity() * 2);
  const int64_t growth = static_cast<int64_t>(capacity - bytes_.capacity());
  if (Status s = meter_.grow(growth); !s.ok()) return fail(std::move(s)), false;
  charged_ += growth;
  bytes_.reserve(capacity);
  return true;
}

void Builder::mark(size_t begin, size_t end, Marks marks) {
  if (begin == end || !marks) return;
  if (!runs_.empty() && runs_.back().end == begin && runs_.back().marks == marks) {
    runs_.back().end = end;
    return;
  }
  if (runs_.size() == runs_.capacity()) {
    const size_t more = std::max<size_t>(4, runs_.capacity());
    const int64_t growth = static_cast<int64_t>(more * sizeof(Run));
    if (Status s = meter_.grow(growth); !s.ok()) return fail(std::move(s));
    charged_ += growth;
    runs_.reserve(runs_.capacity() + more);
  }
  runs_.push_back({begin, end, marks});
}

void Builder::add(std::string_view bytes, Marks marks) {
  if (bytes.empty() || !reserve(bytes.size())) return;
  const size_t begin = bytes_.size();
  bytes_.append(bytes);
  mark(begin, bytes_.size(), marks);
}

void Builder::add(const Text& t, size_t begin, size_t end) {
  if (begin >= end || !reserve(end - begin)) return;
  const size_t at = bytes_.size();
  bytes_.append(t.bytes, begin, end - begin);
  auto run = std::partition_point(t.runs.begin(), t.runs.end(), [&](const Run& r) { return r.end <= begin; });
  for (; run != t.runs.end() && run->begin < end; ++run) {
    mark(at + std::max(run->begin, begin) - begin, at + std::min(run->end, end) - begin, run->marks);
  }
}

void Builder::repeat(const Text& t, int64_t times) {
  if (times <= 0 || t.bytes.empty()) return;
  size_t total;
  if (__builtin_mul_overflow(static_cast<size_t>(times), t.bytes.size(), &total)) total = SIZE_MAX / 2;
  if (static_cast<int64_t>(total) > meter_.limits().bytes) return fail(meter_.grow(INT64_MAX));
  if (!reserve(total)) return;
  const size_t begin = bytes_.size(), unit = t.bytes.size();
  bytes_.append(t.bytes);
  while (bytes_.size() - begin < total) {  // what is there already, again
    const size_t done = bytes_.size() - begin;
    bytes_.append(bytes_.data() + begin, std::min(done, total - done));
  }
  for (int64_t i = 0; i < times && !t.runs.empty() && status_.ok(); i++) {
    const size_t at = begin + static_cast<size_t>(i) * unit;
    for (const Run& r : t.runs) mark(at + r.begin, at + r.end, r.marks);
  }
}

void Builder::mark_from(size_t from, Marks marks) {
  if (!status_.ok()) return;
  const auto first = std::partition_point(runs_.begin(), runs_.end(), [&](const Run& r) { return r.end <= from; });
  std::vector<Run> tail(first, runs_.end());
  if (Status s = meter_.step(static_cast<int64_t>(tail.size() >> 4)); !s.ok()) return fail(std::move(s));
  runs_.erase(first, runs_.end());
  size_t at = from;
  for (Run& r : tail) {
    if (r.begin < from) mark(r.begin, from, r.marks), r.begin = from;
    mark(at, r.begin, marks);
    mark(r.begin, r.end, r.marks | marks);
    at = r.end;
  }
  mark(at, bytes_.size(), marks);
}

void Builder::taint_from(size_t from) {
  for (auto r = runs_.rbegin(); r != runs_.rend() && r->end > from; ++r) {
    if (r->marks & kInput) return mark_from(from, kInput);
  }
}

Result<Value> Builder::finish(bool safe) {
  TRY(status_);
  TRY_SET(auto text, make<Text>(meter_));
  text->bytes = std::move(bytes_);
  text->runs = std::move(runs_);
  text->safe = safe;
  text->charged += charged_;
  charged_ = 0;
  bytes_.clear();
  runs_.clear();
  return Value(Kind::kString, std::move(text));
}

Result<Rendered> Builder::render() {
  TRY(status_);
  Rendered out;
  const auto extend = [](std::vector<Rendered::Span>& spans, size_t begin, size_t end) {
    if (begin == end) return;
    if (!spans.empty() && spans.back().end == begin) {
      spans.back().end = end;
    } else {
      spans.push_back({begin, end});
    }
  };
  size_t at = 0;
  for (const Run& r : runs_) {
    extend(out.trusted, at, r.begin);
    if (!(r.marks & kInput)) extend(out.trusted, r.begin, r.end);
    if (r.marks & kGenerated) extend(out.generated, r.begin, r.end);
    at = r.end;
  }
  extend(out.trusted, at, bytes_.size());
  out.text = std::move(bytes_);
  return out;
}

}  // namespace infer::text::jinja
