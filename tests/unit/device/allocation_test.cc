// After create() a run allocates nothing: counted by the program's own operator new.
#include <atomic>
#include <cstdlib>
#include <new>

#include "fixture.h"

namespace {
std::atomic<long> allocations;
}

void* operator new(std::size_t n) {
  ++allocations;
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(n ? n : 1);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

using namespace infer;
using namespace infer::test;

TEST_CASE("a run allocates nothing, whatever its shape") {
  const SmallModel model(INFER_TYPE_F16);
  const auto r = runtime(false);
  auto e = model.executor(*r);
  REQUIRE(e.ok());
  std::vector<float> logits(8 * kVocab);
  const Step steps[] = {one_sequence(0, 1), one_sequence(0, 8), one_sequence(8, 3), one_sequence(2, 1)};
  const long before = allocations;
  bool good = true;
  for (const Step& s : steps) good = good && (*e)->run(s, logits).ok();
  good = good && (*e)->copy_page(0, 1).ok();
  const long after = allocations;
  CHECK(good);
  CHECK(after == before);
  CHECK(before > 100);  // the counter counts
}
