// Every allocation of a rendering fails once: each failure comes out as std::bad_alloc, and the next rendering is
// whole.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "chat.h"

using namespace infer;
using namespace infer::text;

static thread_local int64_t until_failure = 0;  // allocations of this thread; 0: none fails

static void* allocated(size_t n) {
  if (until_failure > 0 && --until_failure == 0) throw std::bad_alloc();
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t n) { return allocated(n); }
void* operator new[](size_t n) { return allocated(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }

TEST_CASE("a rendering survives that any one allocation fails") {
  const auto compiled = Template::compile(
      "{% for i in [1, 2, 3] %}{% macro m() %}{{ i }}{{ n() if n }}{% endmacro %}{{ m() }}"
      "{% with a = i %}{% macro n() %}{{ a }}{{ caller() if caller }}{% endmacro %}{% call n() %}c{% endcall %}{% "
      "endwith %}"
      "{% set x %}{% macro k() %}{% endmacro %}{{ k() }}{{ loop.changed(i) }}{% endset %}{{ x }}{% endfor %}");
  REQUIRE(compiled.ok());
  const auto text = (*compiled)->render({});
  REQUIRE(text.ok());
  int64_t failures = 0;
  for (bool failed = true; failed; failures += failed) {
    failed = false;
    until_failure = failures + 1;
    try {
      const auto r = (*compiled)->render({});
      until_failure = 0;
      CHECK(r.ok());
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    const auto again = (*compiled)->render({});
    REQUIRE(again.ok());
    CHECK(again->text == text->text);
  }
  CHECK(failures > 50);
}
