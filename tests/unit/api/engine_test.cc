// The engine's further calls through the C API: samples, scores, guesses, waiting for any, control, state, metrics.
#include <cmath>
#include <cstring>
#include <fstream>
#include <numeric>
#include <set>
#include <thread>

#include "block_model.h"

using namespace open_api;

namespace {

const std::vector<int32_t> kPrompt{1, 20, 30, 40, 20, 30, 40, 50, 60, 70};

std::vector<Answer> samples(libinfer::Request& r, size_t n) {
  std::vector<Answer> all(n);
  for (const libinfer::Piece& p : r) {
    REQUIRE(p.sample >= 0);
    REQUIRE(static_cast<size_t>(p.sample) < n);
    Answer& a = all[static_cast<size_t>(p.sample)];
    CHECK(a.finish == INFER_FINISH_NONE);
    a.text += p.text;
    a.tokens.insert(a.tokens.end(), p.tokens.begin(), p.tokens.end());
    a.logprobs.insert(a.logprobs.end(), p.logprobs.begin(), p.logprobs.end());
    a.finish = p.finish;
  }
  REQUIRE(r.outcome());
  return all;
}

Options drawn(int64_t seed) {
  return Options().set("temperature", 1.5).set("seed", seed).set("max_tokens", 12).set("ignore_end", 1);
}

}  // namespace

TEST_CASE("n answers are those of n requests with the seeds that follow, and share the prompt") {
  Stack s(tiny("llama"), "cpu", Options().set("kv.page", 4));
  std::vector<Answer> alone;
  for (int i = 0; i < 4; ++i) {
    auto r = must(s.engine.tokens(kPrompt, drawn(5 + i).set("cache.prefix", 0)));
    alone.push_back(collect(r));
  }
  auto r = must(s.engine.tokens(kPrompt, drawn(5).set("n", 4)));
  const auto all = samples(r, 4);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(all[i] == alone[i]);
    auto expected = kPrompt;
    expected.insert(expected.end(), alone[i].tokens.begin(), alone[i].tokens.end());
    CHECK(must(r.tokens(static_cast<int32_t>(i))) == expected);
  }
  CHECK(std::set<std::string>{all[0].text, all[1].text, all[2].text, all[3].text}.size() > 1);
  const infer_usage u = must(r.usage());
  CHECK(u.prompt_tokens == 10);
  CHECK(u.generated_tokens == 48);
  CHECK(u.finish == INFER_FINISH_LENGTH);
  int64_t n = 0;
  CHECK(infer_request_tokens(r.get(), 4, nullptr, 0, &n) == INFER_E_INVALID);
  settle(s.engine);
  CHECK(counter(s.engine, "tokens.cached") >= 3 * 8);
  CHECK(counter(s.engine, "pages.used") == 0);
}

TEST_CASE("best_of gives the answers whose tokens are likeliest, whole, likeliest first") {
  Stack s(tiny("llama"));
  std::vector<std::pair<double, std::vector<int32_t>>> ranked;
  for (int i = 0; i < 6; ++i) {
    auto r = must(s.engine.tokens(kPrompt, drawn(i).set("logprobs", 0)));
    const Answer a = collect(r);
    ranked.emplace_back(-std::accumulate(a.logprobs.begin(), a.logprobs.end(), 0.0) / 12, a.tokens);
  }
  std::stable_sort(ranked.begin(), ranked.end());
  auto r = must(s.engine.tokens(kPrompt, drawn(0).set("n", 2).set("best_of", 6)));
  const auto best = samples(r, 2);
  CHECK(best[0].tokens == ranked[0].second);
  CHECK(best[1].tokens == ranked[1].second);
  infer_piece piece = INFER_PIECE_INIT;
  CHECK(infer_request_next(r.get(), -1, &piece) == INFER_DONE);
  auto few = must(s.engine.tokens(kPrompt, drawn(0).set("n", 3).set("best_of", 2)));  // fewer than n: as many as n
  CHECK(samples(few, 3)[2].tokens.size() == 12);
}

TEST_CASE("several answers are cancelled together, and time out together") {
  Stack s(tiny("llama"), "reference", Options().set("context.max", 200).set("batch.requests", 1));
  for (const int best_of : {0, 5}) {
    auto r = must(s.engine.tokens(kPrompt, drawn(0).set("max_tokens", 150).set("n", 3).set("best_of", best_of)));
    if (best_of) {
      auto first = r.next(0);
      REQUIRE(first);
      CHECK(!*first);
      CHECK(r.pending());
    }
    REQUIRE(r.cancel());
    infer_piece piece = INFER_PIECE_INIT;
    infer_status status = INFER_OK;
    while ((status = infer_request_next(r.get(), -1, &piece)) == INFER_OK) {
    }
    CHECK(status == INFER_E_CANCELLED);
    CHECK(must(r.usage()).finish == INFER_FINISH_CANCELLED);
  }
}

TEST_CASE("the failure of one answer is that of all, and is told again") {
  Stack s(tiny("llama"), "reference", Options().set("batch.requests", 1));
  Options none = greedy(5);
  for (int id = 0; id < 288; ++id) none.set("logit_bias", std::to_string(id) + ":-inf");
  for (const int best_of : {0, 4}) {
    auto r = must(s.engine.tokens(kPrompt, none.set("n", 3).set("best_of", best_of)));
    for (int again = 0; again < 3; ++again) {
      const auto piece = r.next();
      REQUIRE(!piece);
      CHECK(piece.error().status == INFER_E_INVALID);
      CHECK(piece.error().message.find("no token may be chosen") == 0);
    }
  }
}

TEST_CASE("scores are those of the logits, and an answer's own log-probabilities") {
  for (const char* backend : {"reference", "cpu"}) {
    Stack s(tiny("qwen2"), backend);
    auto r = must(s.engine.tokens(kPrompt, greedy(8).set("logprobs", 0).set("ignore_end", 1)));
    const Answer answer = collect(r);
    const auto whole = must(r.tokens());
    auto scored = must(s.engine.tokens(whole, Options().set("score.from", 10).set("logprobs", 2)));
    const Answer score = collect(scored);
    CHECK(score.tokens == answer.tokens);
    CHECK(score.logprobs == answer.logprobs);  // the same bits
    auto first = must(s.engine.tokens(whole, Options().set("score.from", 1)));
    CHECK(collect(first).logprobs.size() == whole.size() - 1);
    const auto refused = s.engine.tokens(whole, Options().set("score.from", 1).set("n", 2));
    REQUIRE(!refused);
    CHECK(refused.error().status == INFER_E_INVALID);
  }
}

// The output matrix, decoded, times the vector of a text's last row is that row of the logits: as the matrix has more
// rows than columns, no other vector does that.
TEST_CASE("a vector of the last row is what the logits are a product of") {
  for (const char* name : {"llama", "qwen2", "qwen3moe", "llama_tied"}) {
    for (const char* backend : {"reference", "cpu"}) {
      CAPTURE(name);
      Stack s(tiny(name), backend);
      const auto file = infer::formats::open_model(tiny(name));
      REQUIRE(file.ok());
      const auto* output = (*file)->tensor("output.weight");
      if (!output) output = (*file)->tensor("token_embd.weight");
      REQUIRE(output);
      const int64_t rows = output->dim[0], columns = output->dim[1];
      REQUIRE(rows > columns);
      auto r = must(s.engine.tokens(kPrompt, Options().set("embed", "last").set("embed.normalize", 0)));
      const auto piece = must(r.next());
      REQUIRE(piece.has_value());
      REQUIRE(piece->embedding.size() == columns);
      CHECK(piece->finish == INFER_FINISH_LENGTH);
      const auto logits = must(s.engine.logits(kPrompt, static_cast<int64_t>(kPrompt.size()) - 1, rows));
      const size_t bytes = output->data.size() / static_cast<size_t>(rows);
      std::vector<float> row(static_cast<size_t>(columns));
      double error = 0, size = 0;
      for (int64_t i = 0; i < rows; ++i) {
        infer::quant::decode_row(output->type, output->data.data() + static_cast<size_t>(i) * bytes, row.data(),
                                 columns);
        double sum = 0;
        for (int64_t c = 0; c < columns; ++c)
          sum += static_cast<double>(row[static_cast<size_t>(c)]) * piece->embedding[c];
        error += std::pow(sum - logits[static_cast<size_t>(i)], 2);
        size += std::pow(sum, 2);
      }
      CHECK(error / size < 1e-4);  // cpu quantises its activations
    }
  }
}

TEST_CASE("vectors are the same bits in company and in chunks, and of length 1") {
  std::vector<std::vector<float>> found;
  for (const int tokens : {512, 3}) {
    Stack s(tiny("llama"), "cpu", Options().set("batch.tokens", tokens).set("batch.requests", 3));
    auto other = must(s.engine.tokens({5, 6, 7}, greedy(40)));
    for (const char* how : {"mean", "cls", "last"}) {
      auto r = must(s.engine.tokens(kPrompt, Options().set("embed", how)));
      const auto piece = must(r.next());
      REQUIRE(piece.has_value());
      found.emplace_back(piece->embedding.begin(), piece->embedding.end());
      double sum = 0;
      for (const float v : found.back()) sum += v * v;
      CHECK(sum == doctest::Approx(1));
    }
  }
  for (size_t i = 0; i < 3; ++i) CHECK(found[i] == found[i + 3]);
  CHECK(found[0] != found[1]);
  Stack s(tiny("llama"));
  const auto refused = s.engine.tokens(kPrompt, Options().set("embed", "mean").set("n", 2));
  REQUIRE(!refused);
  CHECK(refused.error().status == INFER_E_INVALID);
}

TEST_CASE("guesses change no bit of an answer, on any backend and with any draw") {
  for (const char* backend : {"reference", "cpu"}) {
    int64_t accepted = 0;
    for (const double temperature : {0.0, 0.7}) {
      for (int seed = 0; seed < 2; ++seed) {
        std::vector<Answer> found;
        for (const int lookup : {0, 8}) {
          Stack s(tiny("llama"), backend);
          auto r = must(s.engine.tokens(kPrompt, Options()
                                                     .set("temperature", temperature)
                                                     .set("seed", seed)
                                                     .set("top_k", 3)
                                                     .set("logprobs", 0)
                                                     .set("max_tokens", 100)
                                                     .set("ignore_end", 1)
                                                     .set("draft.lookup", lookup)));
          found.push_back(collect(r));
          accepted += counter(s.engine, "tokens.accepted");
        }
        CHECK(found[0] == found[1]);
      }
    }
    CHECK_MESSAGE(accepted > 0, backend);
  }
}

TEST_CASE("one thread serves several requests by waiting for any of them") {
  Stack s(tiny("llama")), t(tiny("qwen2"));
  std::vector<libinfer::Request> requests;
  std::vector<Answer> expected, got(6);
  for (int i = 0; i < 6; ++i) {
    auto& engine = i % 2 ? s.engine : t.engine;
    auto alone = must(engine.tokens(kPrompt, greedy(5 + i)));
    expected.push_back(collect(alone));
    requests.push_back(must(engine.tokens(kPrompt, greedy(5 + i))));
  }
  std::vector<libinfer::Request*> open;
  for (auto& r : requests) open.push_back(&r);
  size_t left = open.size();
  while (left > 0) {
    const auto which = must(libinfer::wait_any(open));
    REQUIRE(which.has_value());
    const auto piece = must(open[*which]->next(0));
    REQUIRE(piece.has_value());
    Answer& a = got[*which];
    a.text += piece->text;
    a.tokens.insert(a.tokens.end(), piece->tokens.begin(), piece->tokens.end());
    a.finish = piece->finish;
    if (piece->finish != INFER_FINISH_NONE) open[*which] = nullptr, --left;
  }
  for (size_t i = 0; i < 6; ++i) CHECK(got[i] == expected[i]);
  CHECK(!must(libinfer::wait_any(open)).has_value());
  int64_t which = 77;
  CHECK(infer_request_wait_any(nullptr, 1, 0, &which) == INFER_E_INVALID);
  infer_request* none[] = {nullptr};
  CHECK(infer_request_wait_any(none, 0, 0, &which) == INFER_E_INVALID);
  CHECK(infer_request_wait_any(none, 1, 0, nullptr) == INFER_E_INVALID);
  CHECK(infer_request_wait_any(none, 1, -1, &which) == INFER_DONE);
  REQUIRE(s.engine.pause());
  auto waiting = must(s.engine.tokens(kPrompt, greedy(3)));
  infer_request* one[] = {nullptr, waiting.get()};
  CHECK(infer_request_wait_any(one, 2, 5, &which) == INFER_PENDING);
  CHECK(which == 77);
}

TEST_CASE("pause, resume, drain and trim through the API") {
  Stack s(tiny("llama"));
  std::vector<int32_t> prompt;  // long enough that its pages hold whole pages of the system, wherever they lie
  for (int32_t i = 0; i < 200; ++i) prompt.push_back(kPrompt[static_cast<size_t>(i) % kPrompt.size()]);
  const Answer expected = [&] {
    auto r = must(s.engine.tokens(prompt, greedy(10)));
    return collect(r);
  }();
  settle(s.engine);
  CHECK(counter(s.engine, "pages.idle") > 0);
  CHECK(must(s.engine.trim()) > 0);
  CHECK(must(s.engine.trim()) == 0);  // it is given back
  CHECK(counter(s.engine, "pages.idle") == 0);
  REQUIRE(s.engine.pause());
  auto r = must(s.engine.tokens(prompt, greedy(10)));
  CHECK(!must(r.next(10)).has_value());
  CHECK(r.pending());
  REQUIRE(s.engine.resume());
  CHECK(collect(r) == expected);
  CHECK(must(s.engine.drain()));
  const auto refused = s.engine.tokens(prompt, greedy(1));
  REQUIRE(!refused);
  CHECK(refused.error().status == INFER_E_FULL);
  REQUIRE(s.engine.resume());
  auto again = must(s.engine.tokens(prompt, greedy(10)));
  CHECK(collect(again) == expected);
}

TEST_CASE("a request says where it is: queued, running, preempted, done, cancelled") {
  Stack s(tiny("llama"), "cpu", Options().set("batch.requests", 1).set("context.max", 4000));
  const auto state = [](const libinfer::Request& r) { return must(r.usage()).state; };
  const auto until = [&](const libinfer::Request& r, infer_state wanted) {
    while (state(r) != wanted) std::this_thread::yield();
  };
  REQUIRE(s.engine.pause());
  auto low = must(s.engine.tokens(kPrompt, greedy(3000).set("ignore_end", 1)));
  CHECK(state(low) == INFER_STATE_QUEUED);
  REQUIRE(s.engine.resume());
  until(low, INFER_STATE_RUNNING);
  auto urgent = must(s.engine.tokens(kPrompt, greedy(3000).set("ignore_end", 1).set("priority", 5)));
  until(urgent, INFER_STATE_RUNNING);
  CHECK(state(low) == INFER_STATE_PREEMPTED);
  REQUIRE(urgent.cancel());
  CHECK(state(urgent) == INFER_STATE_CANCELLED);
  until(low, INFER_STATE_RUNNING);
  CHECK(must(low.usage()).preempted == 1);
  CHECK(must(urgent.usage()).preempted == 0);
  REQUIRE(low.cancel());
  auto short_one = must(s.engine.tokens(kPrompt, greedy(3)));
  collect(short_one);
  CHECK(state(short_one) == INFER_STATE_DONE);
}

TEST_CASE("a pinned prefix stays whatever else needs pages, until it is unpinned") {
  Stack s(tiny("llama"), "cpu", Options().set("kv.page", 4).set("context.max", 100).set("kv.tokens", 160));
  std::vector<int32_t> system;
  for (int32_t i = 0; i < 40; ++i) system.push_back(3 + i * 5);
  const auto fill = [&] {  // more than the cache holds
    for (int32_t i = 0; i < 6; ++i) {
      std::vector<int32_t> other(80, 7 + i);
      auto r = must(s.engine.tokens(other, greedy(2)));
      collect(r);
    }
  };
  const auto cached = [&] {
    auto r = must(s.engine.tokens(system, greedy(2)));
    collect(r);
    return must(r.usage()).cached_tokens;
  };
  CHECK(cached() == 0);
  fill();
  CHECK(cached() == 0);
  settle(s.engine);
  CHECK(must(s.engine.pin("system", system)) == 40);
  fill();
  CHECK(cached() >= 36);
  CHECK(must(s.engine.trim()) >= 0);
  CHECK(cached() >= 36);
  const auto taken = s.engine.pin("system", system), unknown = s.engine.pin("other", std::vector<int32_t>{250, 251});
  CHECK(taken.error().status == INFER_E_INVALID);
  CHECK(unknown.error().status == INFER_E_NOT_FOUND);
  std::vector<int32_t> much(70, 9);  // with it too little is left for a context of 100
  auto r = must(s.engine.tokens(much, greedy(2)));
  collect(r);
  settle(s.engine);
  const auto full = s.engine.pin("much", much);
  REQUIRE(!full);
  CHECK(full.error().status == INFER_E_FULL);
  REQUIRE(s.engine.unpin("system"));
  CHECK(!s.engine.unpin("system"));
  fill();
  CHECK(cached() == 0);
}

TEST_CASE("a saved conversation goes on in another engine, bit for bit, on every type of the cache") {
  const infer::Folder folder;
  const std::string path = folder / "conversation", model = block_model(folder);
  for (const char* backend : {"reference", "cpu"}) {
    for (const char* type : {"f16", "f32", "bf16", "q8_0", "q4_0"}) {
      if (std::string(backend) == "reference" && std::string(type) != "f16") continue;  // slow there
      CAPTURE(type);
      const auto engine_options = [&] { return Options().set("kv.page", 4).set("kv.type", type); };
      std::vector<int32_t> tokens;
      Answer expected;
      {
        Stack s(model, backend, engine_options());
        auto r = must(s.engine.tokens(kPrompt, greedy(9).set("ignore_end", 1)));
        collect(r);
        tokens = must(r.tokens());
        settle(s.engine);
        CHECK(must(s.engine.save(tokens, path)) == static_cast<int64_t>(tokens.size()) - 1);
        tokens.push_back(3);
        auto more = must(s.engine.tokens(tokens, greedy(20).set("logprobs", 0).set("cache.prefix", 0)));
        expected = collect(more);
      }
      Stack s(model, backend, engine_options());
      const auto restored = must(s.engine.restore(path));
      CHECK(restored == std::vector<int32_t>(tokens.begin(), tokens.end() - 2));
      auto r = must(s.engine.tokens(tokens, greedy(20).set("logprobs", 0)));
      CHECK(collect(r) == expected);
      CHECK(must(r.usage()).cached_tokens == static_cast<int64_t>(restored.size()));
    }
  }
  Stack other(tiny("qwen2"), "reference", Options().set("kv.page", 4));
  const auto refused = other.engine.restore(path);
  REQUIRE(!refused);
  CHECK(refused.error().status == INFER_E_UNSUPPORTED);
  CHECK(refused.error().message.find("another model") != std::string::npos);
  Stack type(model, "cpu", Options().set("kv.page", 4));
  CHECK(type.engine.restore(path).error().status == INFER_E_UNSUPPORTED);
}

TEST_CASE("a state of a model with the same weights that turns positions otherwise is another model's") {
  const infer::Folder folder;
  std::string bytes;
  {
    std::ifstream in(tiny("llama"), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::string key = "llama.rope.freq_base", model = folder / "turned.gguf", path = folder / "state";
  const size_t at = bytes.find(key);
  REQUIRE(at != std::string::npos);
  const float base = 12345;
  std::memcpy(bytes.data() + at + key.size() + 4, &base, 4);  // behind the type
  std::ofstream(model, std::ios::binary) << bytes;
  Stack s(tiny("llama")), other(model);
  auto r = must(s.engine.tokens(kPrompt, greedy(3)));
  collect(r);
  settle(s.engine);
  REQUIRE(s.engine.save(kPrompt, path));
  CHECK(must(s.engine.restore(path)) == kPrompt);
  const auto refused = other.engine.restore(path);
  REQUIRE(!refused);
  CHECK(refused.error().message.find("another model") != std::string::npos);
}

TEST_CASE("metrics and trace through the API, with room or without") {
  Stack s(tiny("llama"), "cpu", Options().set("trace.steps", 10));
  auto r = must(s.engine.tokens(kPrompt, greedy(5)));
  collect(r);
  settle(s.engine);
  CHECK(must(s.engine.metrics()).find("libinfer_requests_finished_total 1\n") != std::string::npos);
  CHECK(must(s.engine.trace()).find("\"finish\":") != std::string::npos);
  int64_t n = 0;
  char small[4];
  CHECK(infer_engine_metrics(s.engine.get(), small, 4, &n) == INFER_E_FULL);
  CHECK(n > 1000);
  CHECK(infer_engine_trace(s.engine.get(), nullptr, 0, nullptr) == INFER_E_INVALID);
}
