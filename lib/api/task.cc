#include "api/task.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/unpredictable.h"

namespace infer::api {
namespace {

template <class T>
bool read_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

Status read_id(std::string_view text, std::string_view option, int64_t n_vocab, int32_t& id) {
  if (read_number(text, id) && id >= 0 && id < n_vocab) return {};
  return Status::invalid(str("option '", option, "': '", text.substr(0, 64), "' is not a token id"),
                         str("ids are 0..", n_vocab - 1));
}

Status read_biases(const Settings& settings, int64_t n_vocab, std::vector<std::pair<int32_t, float>>& out) {
  for (const std::string& entry : settings.list(Key::logit_bias)) {
    const size_t colon = entry.find(':');
    int32_t id = 0;
    TRY(read_id(std::string_view(entry).substr(0, colon), "logit_bias", n_vocab, id));
    float bias = 0;
    if (colon == std::string::npos || !read_number(std::string_view(entry).substr(colon + 1), bias) ||
        std::isnan(bias)) {
      return Status::invalid(str("option 'logit_bias': '", entry.substr(0, 64), "' is not token:bias"),
                             "write for example 42:-1.5 or 42:-inf");
    }
    out.emplace_back(id, bias);
  }
  return {};
}

// Cuts a prompt that leaves no room for an answer, if the options say so. Kept free for the answer: max_tokens, at most
// a quarter of the context. What the tokenizer puts before a text stays.
void truncate(const Settings& settings, const text::Tokenizer* tokenizer, int64_t context, std::vector<int32_t>& ids) {
  const std::string how = settings.text(Key::prompt_truncate);
  if (how == "none" || static_cast<int64_t>(ids.size()) < context) return;
  const int64_t room = std::clamp<int64_t>(settings.integer(Key::max_tokens), 1, std::max<int64_t>(1, context / 4));
  const auto keep = static_cast<size_t>(std::max<int64_t>(1, context - room));
  const size_t drop = ids.size() - std::min(ids.size(), keep);
  if (how == "right") {
    ids.resize(ids.size() - drop);
    return;
  }
  std::span<const int32_t> before = tokenizer ? tokenizer->before() : std::span<const int32_t>();
  if (tokenizer && before.empty() && tokenizer->data().bos >= 0) before = {&tokenizer->data().bos, 1};  // a template's
  const bool stays = before.size() < keep && std::equal(before.begin(), before.end(), ids.begin());
  const auto begin = ids.begin() + (stays ? static_cast<ptrdiff_t>(before.size()) : 0);
  ids.erase(begin, begin + static_cast<ptrdiff_t>(drop));
}

}  // namespace

Name name_of(const Settings& settings, Key key) {
  const std::string text = settings.text(key);
  return text.empty() ? Name() : std::make_shared<const std::string>(text);
}

Result<engine::Task> make_task(const Settings& s, std::vector<int32_t> prompt, const text::Tokenizer* tokenizer,
                               int64_t context, int64_t n_vocab) {
  engine::Task task;
  truncate(s, tokenizer, context, prompt);
  task.prompt = std::move(prompt);
  task.max_tokens = s.integer(Key::max_tokens);
  task.min_tokens = s.integer(Key::min_tokens);
  if (task.min_tokens > task.max_tokens) {
    return Status::invalid(str("min_tokens is ", task.min_tokens, ", more than max_tokens, ", task.max_tokens));
  }
  task.ignore_end = s.flag(Key::ignore_end);
  task.special = s.flag(Key::output_special);
  task.priority = static_cast<int32_t>(s.integer(Key::priority));
  task.deadline_ms = s.integer(Key::deadline);
  task.client = name_of(s, Key::client);
  task.reuse = s.flag(Key::cache_prefix);
  task.domain = name_of(s, Key::cache_domain);
  task.adapter = name_of(s, Key::adapter);
  const std::string embed = s.text(Key::embed);
  task.embed = embed == "mean"   ? engine::Pooling::kMean
               : embed == "cls"  ? engine::Pooling::kCls
               : embed == "last" ? engine::Pooling::kLast
                                 : engine::Pooling::kNone;
  task.normalize = s.flag(Key::embed_normalize);
  task.score_from = static_cast<int32_t>(s.integer(Key::score_from));
  task.draft = static_cast<int32_t>(s.integer(Key::draft_tokens));
  task.lookup = static_cast<int32_t>(s.integer(Key::draft_lookup));
  task.stops = s.list(Key::stop);
  for (const std::string& entry : s.list(Key::stop_ids)) {
    int32_t id = 0;
    TRY(read_id(entry, "stop_ids", n_vocab, id));
    task.stop_ids.push_back(id);
  }
  sampling::SamplerOptions& o = task.sampling;
  o.temperature = s.number(Key::temperature);
  o.top_k = static_cast<int32_t>(s.integer(Key::top_k));
  o.top_p = s.number(Key::top_p);
  o.min_p = s.number(Key::min_p);
  o.typical_p = s.number(Key::typical_p);
  o.repetition_penalty = s.number(Key::repetition_penalty);
  o.frequency_penalty = s.number(Key::frequency_penalty);
  o.presence_penalty = s.number(Key::presence_penalty);
  o.penalty_last = static_cast<int32_t>(s.integer(Key::penalty_last));
  o.n_logprobs = static_cast<int32_t>(s.integer(Key::logprobs));
  const int64_t seed = s.integer(Key::seed);
  o.seed = seed >= 0 ? static_cast<uint64_t>(seed) : unpredictable();
  TRY(read_biases(s, n_vocab, o.logit_bias));
  return task;
}

}  // namespace infer::api
