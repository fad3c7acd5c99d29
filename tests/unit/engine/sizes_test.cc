#include "engine/sizes.h"

#include <doctest/doctest.h>

using namespace infer;
using namespace infer::engine;

namespace {
const ModelSizes kModel{49152, 8192, 0, 32 * 23040};  // SmolLM2-135M: 23040 bytes a token, pages of 32
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
}  // namespace

TEST_CASE("the context is what the model was trained for, at most 4096, unless told otherwise") {
  CHECK(*decide_context({}, 8192) == 4096);
  CHECK(*decide_context({}, 2048) == 2048);
  CHECK(*decide_context({}, 0) == 4096);
  EngineOptions o;
  o.context = 100000;
  CHECK(*decide_context(o, 8192) == 100000);
}

TEST_CASE(
    "the cache holds one context per request when memory allows, else half of what is free, and never less than one "
    "context") {
  const int64_t one = 128 * kModel.page_bytes;
  CHECK(decide_sizes({}, kModel, 0)->n_pages == 128 * 8);
  CHECK(decide_sizes({}, kModel, 64 * one)->n_pages == 128 * 8);
  const auto some = decide_sizes({}, kModel, 8 * one);
  REQUIRE(some.ok());
  CHECK(some->n_pages < 128 * 4);
  CHECK(some->n_pages > 128 * 3);
  CHECK(decide_sizes({}, kModel, one + (32 << 20))->n_pages == 128);
}

TEST_CASE("a context larger than memory is refused with numbers and what to change") {
  EngineOptions o;
  o.context = 1 << 20;
  const auto r = decide_sizes(o, kModel, int64_t{4} << 30);
  REQUIRE_FALSE(r.ok());
  CHECK(r.status().code() == INFER_E_NO_MEMORY);
  CHECK(has(r.status().message(), "a context of 1048576 tokens needs 22.5 GiB"));
  CHECK(has(r.status().message(), "4.0 GiB are free"));
  CHECK(has(r.status().hint(), "set context.max to at most 185"));
  CHECK_FALSE(has(r.status().hint(), "kv.type"));
  ModelSizes shrinks = kModel;
  shrinks.smaller_kv = "q8_0";
  CHECK(has(decide_sizes(o, shrinks, int64_t{4} << 30).status().hint(), ", or kv.type to q8_0"));
  o.context = 185000;  // near what the hint allows
  CHECK(decide_sizes(o, kModel, int64_t{4} << 30).ok());
  o.memory = 1 << 20;
  CHECK(has(decide_sizes(o, kModel, 0).status().message(), "1.0 MiB are allowed by memory.max"));
}

TEST_CASE("sizes that overflow are refused, not wrapped") {
  EngineOptions o;
  o.context = 16777216;
  o.page = 1;
  CHECK(decide_sizes(o, {1 << 20, 8192, INT64_MAX / 4}, 0).status().code() == INFER_E_INVALID);
  CHECK_FALSE(decide_sizes(o, {INT64_MAX / 2, 8192, 1}, 0).ok());
  o.batch_requests = 1024;
  CHECK_FALSE(decide_sizes(o, {100, 8192, 1000}, 0).ok());  // more pages than are counted
}

TEST_CASE("kv.tokens below one context is refused") {
  EngineOptions o;
  o.context = 100;
  o.kv_tokens = 64;
  CHECK(decide_sizes(o, kModel, 0).status().code() == INFER_E_INVALID);
  o.kv_tokens = 97;  // rounds up to as many pages as the context has
  CHECK(decide_sizes(o, kModel, 0).ok());
}

TEST_CASE("a step has room for one row of every request, and no more requests than tokens") {
  EngineOptions o;
  o.batch_tokens = 4;
  o.batch_requests = 8;
  const auto s = decide_sizes(o, kModel, 0);
  CHECK(s->sequences == 4);
  CHECK(s->rows == 4);
  CHECK(decide_sizes({}, {1 << 22, 8192, 1000}, 0)->rows == 8);
}

TEST_CASE("a context that fits is named as a bound while the program's own memory is not known") {
  EngineOptions o;
  o.context = 1 << 20;
  ModelSizes model = kModel;
  CHECK(has(decide_sizes(o, model, int64_t{4} << 30).status().hint(), "at most"));
  model.workspace_known = false;
  CHECK(has(decide_sizes(o, model, int64_t{4} << 30).status().hint(), "context.max to less than"));
}

TEST_CASE("what the program needs beside pages is taken from the limit first, and named when it alone does not fit") {
  ModelSizes model = kModel;
  const int64_t one = 128 * model.page_bytes;
  EngineOptions o;
  o.memory = 8 * one;
  const auto without = decide_sizes(o, model, 0);
  model.workspace_bytes = one;
  const auto with = decide_sizes(o, model, 0);
  REQUIRE(without.ok());
  REQUIRE(with.ok());
  CHECK(with->n_pages == without->n_pages - 128);
  CHECK(with->bytes() == with->kv_bytes + with->logits_bytes + one);
  model.workspace_bytes = o.memory;
  o.adapter_slots = 1;
  const auto refused = decide_sizes(o, model, 0);
  REQUIRE(!refused.ok());
  CHECK(refused.status().code() == INFER_E_NO_MEMORY);
  CHECK(has(refused.status().message(), "workspace"));
  CHECK(has(refused.status().hint(), "adapter.slots"));
}

TEST_CASE("weights stay in memory when they fit beside the rest and a sixteenth of what is free") {
  const int64_t gib = int64_t{1} << 30;
  Sizes s{};
  s.kv_bytes = gib;
  CHECK(weights_beside(s, 14 * gib, 16 * gib) == 0);
  CHECK(weights_beside(s, 14 * gib + 1, 16 * gib) == 14 * gib);
  CHECK(weights_beside(s, gib, gib) == 1);      // nothing is left
  CHECK(weights_beside(s, INT64_MAX, 0) == 0);  // not known
  CHECK(weights_beside(s, 64 * gib, INT64_MAX) == 0);
}
