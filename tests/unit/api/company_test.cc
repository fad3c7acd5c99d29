// Same answer whatever the company: bit for bit, on reference and cpu, through the C API.
#include <algorithm>
#include <cstring>

#include "block_model.h"
#include "open.h"

using namespace open_api;

namespace {

std::vector<int32_t> prompt(int n, int salt) {
  std::vector<int32_t> ids;
  for (int i = 0; i < n; ++i) ids.push_back((i * 31 + salt * 17 + 5) % 284);
  return ids;
}

constexpr int kRequests = 10;
std::vector<int32_t> prompt_of(int i) { return prompt(1 + i * i * 4, i); }  // 1 .. 325 tokens: two attention chunks

Options options_of(int i) {  // half greedy, half drawn with a seed
  Options o;
  o.set("max_tokens", 12).set("logprobs", 2).set("ignore_end", 1);
  if (i % 2) {
    o.set("temperature", 0.9).set("seed", 1000 + i);
  } else {
    o.set("temperature", 0);
  }
  return o;
}

struct Subject {
  std::string model;
  std::vector<const char*> kv_types, backends{"reference", "cpu"};
};
// The last on cpu alone: with the sanitizer of threads the reference takes minutes (block_types_test.cc cuts its
// steps).
std::vector<Subject> subjects(const infer::Folder& folder) {
  return {{tiny("llama_gqa"), {"f16", "f32"}},
          {tiny("mixtral"), {"f16", "f32"}},
          {tiny("mistral_window"), {"f16", "bf16"}},
          {block_model(folder), {"bf16", "q8_0", "q4_0"}, {"cpu"}}};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE(
    "tokens and log-probabilities of many requests at once equal those of each alone, whatever chunk size and "
    "threads") {
  int shared =
      0;  // engines whose requests really shared steps; on a busy machine one may end before the next is submitted
  const infer::Folder folder;
  for (const auto& [model, kv_types, backends] : subjects(folder)) {
    for (const char* backend : backends) {
      for (const char* kv : kv_types) {
        std::vector<Answer> alone;
        {
          Stack s(model, backend, Options().set("kv.type", kv).set("context.max", 512).set("batch.requests", 1), 1);
          for (int i = 0; i < kRequests; ++i) {
            auto r = must(s.engine.tokens(prompt_of(i), options_of(i)));
            alone.push_back(collect(r));
            REQUIRE(alone.back().tokens.size() == 12);
          }
        }
        struct Setting {
          int chunk, threads, page;
        };
        for (const Setting& set : {Setting{1, 1, 32}, {3, 2, 32}, {17, 4, 16}, {64, 3, 8}, {512, 2, 32}}) {
          CAPTURE(model);
          CAPTURE(backend);
          CAPTURE(kv);
          CAPTURE(set.chunk);
          Stack s(model, backend,
                  Options()
                      .set("kv.type", kv)
                      .set("context.max", 512)
                      .set("batch.tokens", set.chunk)
                      .set("kv.page", set.page),
                  set.threads);
          std::vector<libinfer::Request> requests;
          for (int i = 0; i < kRequests; ++i) requests.push_back(must(s.engine.tokens(prompt_of(i), options_of(i))));
          for (int i = 0; i < kRequests; ++i) {
            CAPTURE(i);
            const Answer a = collect(requests[static_cast<size_t>(i)]);
            CHECK(a.tokens == alone[static_cast<size_t>(i)].tokens);
            CHECK(same_bits(a.logprobs, alone[static_cast<size_t>(i)].logprobs));
          }
          shared += counter(s.engine, "steps") < counter(s.engine, "tokens.decode");
        }
      }
    }
  }
  CHECK(shared > 0);
}

TEST_CASE("behind a known prefix, whole pages or part of one, every bit is as without") {
  const infer::Folder folder;
  for (const auto& [model, kv_types, backends] : subjects(folder))
    for (const char* backend : backends)
      for (const char* kv : kv_types) {
        CAPTURE(model);
        CAPTURE(backend);
        CAPTURE(kv);
        Stack s(model, backend, Options().set("kv.type", kv).set("context.max", 512).set("kv.page", 16));
        const auto known = prompt(300, 1);
        auto first = must(s.engine.tokens(known, options_of(0)));
        collect(first);
        for (const int same : {300, 290, 256, 33, 7}) {
          CAPTURE(same);
          auto ids = known;
          ids.resize(static_cast<size_t>(same));
          if (same < 300)  // and then something else
            for (const int32_t t : {3, 1, 4}) ids.push_back((t + known[static_cast<size_t>(same)]) % 284);
          auto alone = must(s.engine.tokens(ids, options_of(1).set("cache.prefix", 0)));
          auto reused = must(s.engine.tokens(ids, options_of(1)));
          const Answer expected = collect(alone), got = collect(reused);
          CHECK(must(alone.usage()).cached_tokens == 0);
          CHECK(must(reused.usage()).cached_tokens == std::min<int64_t>(same, 299));
          CHECK(got.tokens == expected.tokens);
          CHECK(same_bits(got.logprobs, expected.logprobs));
        }
      }
}

TEST_CASE("a request that had to give way goes on with the same bits") {
  for (const char* backend : {"reference", "cpu"}) {
    CAPTURE(backend);
    Stack s(tiny("llama_gqa"), backend, Options().set("context.max", 512).set("batch.requests", 1).set("kv.page", 16));
    const auto low_options = [] { return options_of(1).set("max_tokens", 400); };
    auto alone = must(s.engine.tokens(prompt(50, 1), low_options().set("cache.prefix", 0)));
    auto urgent = must(s.engine.tokens(prompt(60, 2), options_of(3).set("cache.prefix", 0)));
    const Answer low_alone = collect(alone), high_alone = collect(urgent);
    // On a busy machine the low one may have ended before the other is submitted.
    for (int i = 0; i < 50 && counter(s.engine, "requests.preempted") == 0; ++i)
      for (const int reuse : {0, 1}) {
        auto low = must(s.engine.tokens(prompt(50, 1), low_options().set("cache.prefix", reuse)));
        while (must(low.usage()).generated_tokens < 5 + i) {
        }
        auto high = must(s.engine.tokens(prompt(60, 2), options_of(3).set("priority", 1)));
        const Answer a = collect(high), b = collect(low);
        CHECK(a.tokens == high_alone.tokens);
        CHECK(same_bits(a.logprobs, high_alone.logprobs));
        CHECK(b.tokens == low_alone.tokens);
        CHECK(same_bits(b.logprobs, low_alone.logprobs));
      }
    CHECK(counter(s.engine, "requests.preempted") > 0);
  }
}

TEST_CASE("all logits in one call equal, bit for bit, those of row-by-row calls and other chunkings") {
  const auto ids = prompt(70, 4);
  for (const char* backend : {"reference", "cpu"}) {
    CAPTURE(backend);
    Stack whole(tiny("qwen2"), backend), small(tiny("qwen2"), backend, Options().set("batch.tokens", 7), 1);
    const int64_t n_vocab = must(whole.model.fact("n_vocab"));
    const auto all = must(whole.engine.logits(ids, 0, n_vocab));
    CHECK(same_bits(all, must(small.engine.logits(ids, 0, n_vocab))));
    for (const size_t n : {1u, 2u, 33u, 70u}) {
      Stack fresh(tiny("qwen2"), backend);  // the others have the prompt in their prefix caches
      const auto row = must(fresh.engine.logits({ids.begin(), ids.begin() + static_cast<ptrdiff_t>(n)},
                                                static_cast<int64_t>(n) - 1, n_vocab));
      CHECK(std::memcmp(row.data(), all.data() + (n - 1) * static_cast<size_t>(n_vocab), row.size() * sizeof(float)) ==
            0);
    }
  }
}
