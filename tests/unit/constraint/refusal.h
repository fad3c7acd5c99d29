// What tests of regular expressions and of grammars share: a source that is refused, soon, and by a short sentence.
#pragma once
#include <doctest/doctest.h>

#include <ctime>
#include <string>

#include "base/status.h"

namespace infer::text {

// Of the processor, by this program: a busy machine does not matter. The sanitizers take several times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kSoon = 20;
#else
constexpr double kSoon = 1;
#endif
inline double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// compile(source) is a Status.
template <class F>
void check_refused(F compile, const std::string& source, infer_status code, const std::string& because) {
  const std::string begin = source.substr(0, 200);
  CAPTURE(begin);
  const double started = seconds();
  const Status s = compile(source);
  CHECK(s.message().size() < 300);
  CHECK(seconds() - started < kSoon);
  CHECK(s.code() == code);
  CHECK_MESSAGE(s.message().find(because) != std::string::npos, std::string(s.message()));
}

inline std::string repeated(const std::string& s, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += s;
  return out;
}

}  // namespace infer::text
