#include "speed.h"

#include <algorithm>
#include <string>
#include <vector>

namespace infer::tool {
namespace {

// Blocks for the next piece; adds its tokens. False: the request has ended.
bool pull_one(infer_request* request, int32_t timeout_ms, int64_t& tokens) {
  infer_piece piece = INFER_PIECE_INIT;
  const infer_status status = check(infer_request_next(request, timeout_ms, &piece));
  if (status == INFER_OK) tokens += piece.n_tokens;
  return status != INFER_DONE;
}

}  // namespace

Speed::Speed(const Session& session) : session_(session), n_vocab_(session.fact("n_vocab")) {}

// known: the same tokens each time, which the engine may remember.
Request Speed::submit(int64_t prompt, int64_t most, bool known) {
  std::vector<int32_t> tokens(static_cast<size_t>(prompt));
  uint64_t same = 1;
  uint64_t& random = known ? same : random_;
  for (int32_t& t : tokens) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    t = static_cast<int32_t>((random >> 33) % static_cast<uint64_t>(n_vocab_));
  }
  infer_options* made = nullptr;
  check(infer_options_new(&made));
  const Options options(made);
  check(infer_options_set_int(made, "max_tokens", most));
  check(infer_options_set_num(made, "temperature", 0));
  check(infer_options_set_int(made, "ignore_end", 1));
  check(infer_options_set_int(made, "cache.prefix", known ? 1 : 0));
  infer_request* request = nullptr;
  check(infer_engine_submit_tokens(session_.engine.get(), tokens.data(), prompt, made, &request));
  return Request(request);
}

double Speed::prompt_seconds(int64_t tokens, int64_t batch) {
  if (tokens == 0) return 0;
  std::vector<Request> requests;
  const double start = now_ms();
  for (int64_t i = 0; i < batch; ++i) requests.push_back(submit(tokens, 1));
  for (const Request& r : requests) {
    int64_t n = 0;
    while (n == 0 && pull_one(r.get(), -1, n)) {
    }
  }
  return (now_ms() - start) / 1000;
}

// Of one prompt, timed from where the engine has counted the tokens of the depth. 0: they came in one step with the
// rest.
double Speed::last_part_seconds(const Shape& s) {
  const int64_t before = session_.counter("tokens.prefill"), all = s.depth + s.tokens;
  const Request request = submit(all, 1);
  int64_t done = 0, n = 0;
  while (done < s.depth && n == 0 && pull_one(request.get(), 1, n)) done = session_.counter("tokens.prefill") - before;
  const double start = now_ms();
  while (n == 0 && pull_one(request.get(), -1, n)) {
  }
  if (done < s.depth || done >= all) return 0;
  return std::max(1e-9, (now_ms() - start) / 1000) * static_cast<double>(s.tokens) / static_cast<double>(all - done);
}

// The tokens of a depth are prompt, too. With a depth several prompts are computed one after the other; where depth and
// rest cannot be told apart, both have the speed of the whole.
double Speed::prefill(const Shape& s) {
  double sum = 0;
  for (int64_t i = 0; i < s.batch && s.depth > 0; ++i) {
    const double seconds = last_part_seconds(s);
    if (seconds == 0) break;
    sum += seconds;
    if (i + 1 == s.batch) return static_cast<double>(s.tokens * s.batch) / sum;
  }
  const auto all = static_cast<double>((s.depth + s.tokens) * s.batch);
  return all / std::max(1e-9, prompt_seconds(s.depth + s.tokens, s.batch));
}

// Requests that got through their prompt early generate while the others still compute theirs.
int64_t Speed::decode_room(const Shape& s) {
  return std::max<int64_t>(1, s.depth) + s.tokens + 8 + s.batch + s.batch * s.depth / 64;
}

// Timed by the engine itself: the last request's tokens after its first. The others, begun before it, still generate
// when it ends, so that each of its steps had the whole batch.
double Speed::decode(const Shape& s, const std::function<void()>& begun) {
  const int64_t prompt = std::max<int64_t>(1, s.depth);
  std::vector<Request> company;
  for (int64_t i = 1; i < s.batch; ++i) company.push_back(submit(prompt, decode_room(s) - prompt));
  const Request last = submit(prompt, s.tokens + 1, s.batch == 1 && s.depth > 0);
  bool told = !begun;
  for (int64_t n = 0; pull_one(last.get(), -1, n);) {
    if (told || n == 0) continue;
    told = true;
    begun();
  }
  infer_usage usage = INFER_USAGE_INIT;
  check(infer_request_usage(last.get(), &usage));
  const auto made = static_cast<double>((usage.generated_tokens - 1) * s.batch);
  return made * 1000 / std::max(1e-6, usage.total_ms - usage.first_token_ms);
}

}  // namespace infer::tool
