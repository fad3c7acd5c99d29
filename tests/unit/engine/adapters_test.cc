#include "engine/adapters.h"

#include <doctest/doctest.h>

using infer::Name;
using infer::engine::Adapters;

namespace {
Name name(const char* text) { return std::make_shared<const std::string>(text); }
}  // namespace

TEST_CASE("a slot belongs to a name from begin() to the end of the last use") {
  Adapters a(2);
  const int32_t first = *a.begin("one");
  CHECK(!a.use("one").ok());  // not there yet
  CHECK(a.begin("one").status().code() == INFER_E_INVALID);
  a.loaded(first);
  auto use = a.use("one");
  REQUIRE(use.ok());
  CHECK(use->slot() == first);
  const int32_t second = *a.begin("two");
  CHECK(second != first);
  CHECK(a.begin("three").status().code() == INFER_E_FULL);
  a.abandon(second);
  CHECK(a.use("two").status().code() == INFER_E_NOT_FOUND);
  CHECK(a.drop("one").ok());
  CHECK(a.drop("one").code() == INFER_E_NOT_FOUND);
  CHECK(!a.use("one").ok());
  CHECK(a.names().empty());
  const int32_t again = *a.begin("one");  // the old one still has its slot
  CHECK(again == second);
  CHECK(a.begin("three").status().code() == INFER_E_FULL);
  use->end();
  CHECK(*a.begin("three") == first);
  a.loaded(again);
  CHECK(a.names() == std::vector<std::string>{"one"});
}

TEST_CASE("a use that goes out of scope, or is moved, ends once") {
  Adapters a(1);
  a.loaded(*a.begin("x"));
  {
    auto use = a.use("x");
    Adapters::Use moved = use.take(), other;
    other = std::move(moved);
    CHECK(other.slot() == 0);
    REQUIRE(a.drop("x").ok());
    CHECK(a.begin("y").status().code() == INFER_E_FULL);
  }
  CHECK(a.begin("y").ok());
}

TEST_CASE("prefixes are those of one load of one adapter and of one domain") {
  Adapters a(2);
  a.loaded(*a.begin("x"));
  a.loaded(*a.begin("y"));
  auto x = a.use("x"), same = a.use("x"), y = a.use("y");
  CHECK(*x->domain({}) == *same->domain({}));
  CHECK(*x->domain(name("d")) == *same->domain(name("d")));
  CHECK(*x->domain({}) != *x->domain(name("")));
  CHECK(*x->domain({}) != *x->domain(name("d")));
  CHECK(*x->domain({}) != *y->domain({}));
  CHECK(*Adapters::Use().domain(name("d")) == *Adapters::Use().domain(name("d")));
  CHECK(!Adapters::Use().domain({}));
  // Whatever a caller names its domain, it is none of an adapter's.
  for (const char* forged : {"1", "1=", "=1", "1=d", ""})
    for (const Name& of : {x->domain({}), x->domain(name("d")), x->domain(name(""))})
      CHECK(*Adapters::Use().domain(name(forged)) != *of);
}

TEST_CASE("what is not there is answered with what is like it") {
  Adapters none(0), a(1);
  CHECK(none.begin("x").status().code() == INFER_E_FULL);
  CHECK(a.begin("").status().code() == INFER_E_INVALID);
  CHECK(a.begin(std::string(257, 'x')).status().code() == INFER_E_INVALID);
  a.loaded(*a.begin("poet"));
  const auto missing = a.use("poets");
  REQUIRE(!missing.ok());
  CHECK(std::string(missing.status().hint()).find("'poet'") != std::string::npos);
}
