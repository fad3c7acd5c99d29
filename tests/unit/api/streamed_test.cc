// Models whose weights may not all stay in memory: the same bits, on every tiny model of every family.
#include <nlohmann/json.hpp>

#include "block_model.h"
#include "open.h"

using namespace open_api;

namespace {

std::vector<int32_t> prompt(int n) {
  std::vector<int32_t> ids;
  for (int i = 0; i < n; ++i) ids.push_back((i * 29 + 7) % 284);
  return ids;
}

// The least weights.max that an engine of this model takes, from the hint of its refusal.
int64_t least(libinfer::Model& m, const std::string& backend) {
  auto refused = m.engine(Options().set("device", backend).set("weights.max", 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == INFER_E_NO_MEMORY);
  const std::string hint = refused.error().hint;
  const size_t at = hint.find_first_of("0123456789");
  REQUIRE_MESSAGE(at != std::string::npos, hint);
  return std::stoll(hint.substr(at));
}

nlohmann::json streamed(const libinfer::Engine& e) { return nlohmann::json::parse(must(e.describe())).at("streamed"); }

}  // namespace

TEST_CASE("streamed, a model gives the logits bit for bit that it gives from memory") {
  const infer::Folder folder;
  const std::vector<int32_t> ids = prompt(40);
  int n_streamed = 0, n_engines = 0;
  for (const std::string& path : {tiny("llama"), tiny("llama_gqa"), tiny("mixtral"), tiny("qwen2"), tiny("qwen2moe"),
                                  tiny("qwen3"), tiny("qwen3moe"), tiny("mistral_window"), block_model(folder)}) {
    for (const char* backend : {"reference", "cpu"}) {
      // Under the sanitizer of threads the reference takes minutes for it (block_types_test.cc).
      if (path.ends_with("blocks.gguf") && std::string_view(backend) == "reference") continue;
      CAPTURE(path);
      CAPTURE(backend);
      const auto options = [] { return Options().set("context.max", 128).set("batch.tokens", 16); };
      Stack whole(path, backend, options());
      const int64_t n_vocab = must(whole.model.fact("n_vocab"));
      const auto expected = must(whole.engine.logits(ids, 0, n_vocab));
      auto r = must(whole.engine.tokens(ids, greedy(6)));
      const Answer answer = collect(r);
      CHECK(streamed(whole.engine).at("slots") == 0);
      const int64_t few = least(whole.model, backend);
      for (const int64_t most : {few, few + few / 2}) {
        CAPTURE(most);
        auto e = whole.model.engine(options().set("device", backend).set("weights.max", most));
        if (!e) FAIL(e.error().message);
        ++n_engines;
        const nlohmann::json facts = streamed(*e);
        const int64_t bytes = int64_t(facts.at("slots")) + int64_t(facts.at("experts"));
        CHECK(bytes <= most);
        n_streamed += bytes > 0;  // of two layers both may fit when the slots for them do
        CHECK(must(e->logits(ids, 0, n_vocab)) == expected);
        auto again = must(e->tokens(ids, greedy(6)));
        CHECK(collect(again) == answer);
      }
    }
  }
  CAPTURE(n_streamed);
  CHECK(2 * n_streamed > n_engines);
}
