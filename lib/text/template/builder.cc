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

void Builder::mark(size_t begin, size_t end) {
  if (begin == end) return;
  if (!input_.empty() && input_.back().end == begin) {
    input_.back().end = end;
    return;
  }
  if (input_.size() == input_.capacity()) {
    const size_t more = std::max<size_t>(4, input_.capacity());
    const int64_t growth = static_cast<int64_t>(more * sizeof(Run));
    if (Status s = meter_.grow(growth); !s.ok()) return fail(std::move(s));
    charged_ += growth;
    input_.reserve(input_.capacity() + more);
  }
  input_.push_back({begin, end});
}

void Builder::add(std::string_view bytes, bool input) {
  if (bytes.empty() || !reserve(bytes.size())) return;
  const size_t begin = bytes_.size();
  bytes_.append(bytes);
  if (input) mark(begin, bytes_.size());
}

void Builder::add(const Text& t, size_t begin, size_t end) {
  if (begin >= end || !reserve(end - begin)) return;
  const size_t at = bytes_.size();
  bytes_.append(t.bytes, begin, end - begin);
  auto run = std::partition_point(t.input.begin(), t.input.end(), [&](const Run& r) { return r.end <= begin; });
  for (; run != t.input.end() && run->begin < end; ++run) {
    mark(at + std::max(run->begin, begin) - begin, at + std::min(run->end, end) - begin);
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
  for (int64_t i = 0; i < times && !t.input.empty() && status_.ok(); i++) {
    for (const Run& r : t.input)
      mark(begin + static_cast<size_t>(i) * unit + r.begin, begin + static_cast<size_t>(i) * unit + r.end);
  }
}

void Builder::taint_from(size_t from) {
  if (input_.empty() || input_.back().end <= from) return;
  while (!input_.empty() && input_.back().begin >= from) input_.pop_back();
  if (!input_.empty() && input_.back().end > from) input_.back().end = from;
  mark(from, bytes_.size());
}

Result<Value> Builder::finish(bool safe) {
  TRY(status_);
  TRY_SET(auto text, make<Text>(meter_));
  text->bytes = std::move(bytes_);
  text->input = std::move(input_);
  text->safe = safe;
  text->charged += charged_;
  charged_ = 0;
  bytes_.clear();
  input_.clear();
  return Value(Kind::kString, std::move(text));
}

Result<Rendered> Builder::render() {
  TRY(status_);
  Rendered out;
  size_t at = 0;
  for (const Run& r : input_) {
    if (r.begin > at) out.trusted.push_back({at, r.begin});
    at = r.end;
  }
  if (at < bytes_.size()) out.trusted.push_back({at, bytes_.size()});
  out.text = std::move(bytes_);
  return out;
}

}  // namespace infer::text::jinja
