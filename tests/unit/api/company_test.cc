// Same answer whatever the company: bit for bit, on reference and cpu, through the C API.
#include <cstring>
#include <map>

#include "base/file.h"
#include "open.h"
#include "tests/support/make_model.h"
#include "tests/unit/folder.h"

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

// A file with heads of 64, which the tiny models have not.
std::string block_model(const infer::Folder& folder) {
  const auto vocabulary = infer::formats::open_model(tiny("llama"));
  REQUIRE(vocabulary.ok());
  const auto bytes = infer::testing::block_model_bytes({.type = infer::quant::Type::kQ4_0}, vocabulary->get());
  REQUIRE(bytes.ok());
  const std::string path = folder / "blocks.gguf";
  REQUIRE(infer::write_file(path, *bytes).ok());
  return path;
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
  const std::string blocks = block_model(folder);
  struct Subject {
    std::string model;
    std::vector<const char*> kv_types, backends{"reference", "cpu"};
  };
  // The last on cpu alone: with the sanitizer of threads the reference takes minutes (block_types_test.cc cuts its
  // steps).
  for (const auto& [model, kv_types, backends] : {Subject{tiny("llama_gqa"), {"f16", "f32"}},
                                                  {tiny("mixtral"), {"f16", "f32"}},
                                                  {tiny("mistral_window"), {"f16", "bf16"}},
                                                  {blocks, {"bf16", "q8_0", "q4_0"}, {"cpu"}}}) {
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
          std::map<std::string, int64_t> counters;
          for (const auto& [name, value] : must(s.engine.counters())) counters[name] = value;
          shared += counters["steps"] < counters["tokens.decode"];
        }
      }
    }
  }
  CHECK(shared > 0);
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
      const auto row = must(whole.engine.logits({ids.begin(), ids.begin() + static_cast<ptrdiff_t>(n)},
                                                static_cast<int64_t>(n) - 1, n_vocab));
      CHECK(std::memcmp(row.data(), all.data() + (n - 1) * static_cast<size_t>(n_vocab), row.size() * sizeof(float)) ==
            0);
    }
  }
}
