#include "api/prompt.h"

#include <algorithm>
#include <numeric>

#include "api/chat.h"
#include "base/utf8.h"
#include "engine/stream.h"

namespace infer::api {
namespace {

constexpr size_t kMostNames = 4096, kLongestName = 256;

// How many of an answer's tokens, whole characters, spell a beginning of `wanted`; bytes: that beginning's.
size_t tokens_within(const text::Tokenizer& tokenizer, std::span<const int32_t> tokens, std::string_view wanted,
                     size_t& bytes) {
  text::Detokenizer detokenizer(tokenizer, /*special=*/false, /*first=*/false);
  std::string text, held;
  size_t n = 0;
  bytes = 0;
  for (size_t i = 0, at = 0; i < tokens.size(); ++i) {
    text.clear();
    detokenizer.feed(tokens[i], text);
    if (!wanted.substr(at).starts_with(text)) break;
    at += text.size();
    held.clear();
    text::Detokenizer(detokenizer).finish(held);
    if (held.empty()) n = i + 1, bytes = at;
  }
  return n;
}

}  // namespace

Settings Prompt::with(const Settings& settings) const {
  Settings all = settings_;
  all.override_by(settings);
  return all;
}

Status Prompt::encode(std::string_view text, bool parse, std::vector<int32_t>& out) const {
  TRY(engine_->loaded().tokenizer.status());
  const text::Tokenizer& tokenizer = *engine_->tokenizer();
  if (!text_.empty() || !out.empty()) return tokenizer.encode_more(text, parse, out);
  if (tokens_.empty() && settings_.flag(Key::prompt_special))
    out.insert(out.end(), tokenizer.before().begin(), tokenizer.before().end());
  return tokenizer.encode(text, /*add_special=*/false, parse, out);
}

Status Prompt::append(std::string_view text, bool parse) {
  TRY(settle());
  if (!valid_utf8(text)) return Status::invalid("the text is not UTF-8");
  std::vector<int32_t> ids;
  TRY(encode(text, parse, ids));
  grow(ids, text);
  return {};
}

// The whole conversation is rendered again: a template may write an earlier answer otherwise than the model did, and
// what it writes alike is found in the prefix cache.
Status Prompt::append_chat(const infer_part* parts, int64_t n_parts, const Settings& settings) {
  TRY(settle());
  if (messages_.empty() && !text_.empty())
    return Status::invalid("this prompt began with text; messages cannot follow",
                           "begin a prompt with its messages, or write their marks into the text");
  std::vector<text::Message> messages = messages_;
  if (std::string answer = text_.substr(std::min(answer_from_, text_.size())); !answer.empty())
    messages.push_back({"assistant", {{"text", std::move(answer)}}, {}});
  TRY(add_messages(parts, n_parts, messages));
  TRY_SET(text::Rendered prompt, render_chat(engine_->loaded(), messages, with(settings)));
  TRY_SET(std::vector<int32_t> tokens, encode_chat(engine_->loaded(), prompt));
  tokens_ = std::move(tokens);
  text_ = std::move(prompt.text);
  messages_ = std::move(messages);
  answer_from_ = text_.size();
  return {};
}

Status Prompt::check_name(std::string_view name) const {
  if (name.size() > kLongestName || !valid_utf8(name))
    return Status::invalid(str("a name is not UTF-8, or longer than ", kLongestName, " bytes"));
  if (values_.size() >= kMostNames && !values_.contains(name))
    return Status(INFER_E_FULL, str("the prompt has ", values_.size(), " names already"));
  return {};
}

void Prompt::keep(const std::string& name, std::string value) {
  if (!name.empty()) values_[name] = std::move(value);
}

// Text and tokens grow together: room for both first, so that a lack of memory finds neither changed.
void Prompt::grow(std::span<const int32_t> ids, std::string_view text) {
  const auto room = [](auto& of, size_t more) {
    if (of.capacity() - of.size() < more) of.reserve(of.size() + std::max(of.size(), more));
  };
  room(tokens_, ids.size());
  room(text_, text.size());
  tokens_.insert(tokens_.end(), ids.begin(), ids.end());
  text_ += text;
}

void Prompt::watch(std::span<const std::shared_ptr<Samples>> requests) {
  const std::lock_guard lock(mutex_);
  running_.assign(requests.begin(), requests.end());
}

void Prompt::cancel() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& r : running_) r->cancel();
}

Result<std::shared_ptr<Samples>> Prompt::gen(std::string name, const Settings& own) {
  TRY(settle());
  Settings settings = with(own);
  if (settings.integer(Key::n) > 1 || settings.integer(Key::best_of) > 1)
    return Status::invalid("a prompt goes on with one answer; n and best_of ask for several", "fork it instead");
  if (settings.integer(Key::score_from) > 0 || settings.text(Key::embed) != "none")
    return Status::invalid("score.from and embed ask for no answer");
  TRY(check_name(name));
  TRY(engine_->loaded().tokenizer.status());
  if (tokens_.empty()) TRY(encode("", false, tokens_));
  TRY_SET(auto request, engine_->submit(tokens_, settings));
  watch(std::span(&request, 1));
  pending_ = Answer{std::move(name), std::move(settings), request, tokens_.size()};
  return request;
}

Result<infer_status> Prompt::wait(int32_t timeout_ms) {
  if (!pending_) return INFER_OK;
  const std::optional<Status> outcome = pending_->request->outcome(timeout_ms);
  if (!outcome) return INFER_PENDING;
  const Answer answer = std::move(*pending_);
  pending_.reset();
  watch({});
  TRY(*outcome);
  TRY(adopt(answer));
  return INFER_OK;
}

Status Prompt::settle() { return wait(-1).status(); }

// Tokens and text of an answer. A stop string is neither: where it begins inside of a token, what stands before it
// there is encoded anew.
Status Prompt::adopt(const Answer& answer) {
  const text::Tokenizer& tokenizer = *engine_->tokenizer();
  const std::vector<int32_t> all = answer.request->tokens(0);
  const std::span<const int32_t> tokens = std::span(all).subspan(std::min(answer.prompt, all.size()));
  engine::Stream stream(*engine_->loaded().tokenizer, answer.settings.list(Key::stop), /*special=*/false);
  const auto least = static_cast<size_t>(answer.settings.integer(Key::min_tokens));
  std::string text;
  bool stopped = false;
  for (size_t i = 0; i < tokens.size() && !stopped; ++i) stopped = stream.feed(tokens[i], i + 1 >= least, text);
  if (!stopped) stream.finish(text);

  size_t n = tokens.size(), bytes = text.size();
  if (stopped) {
    n = tokens_within(tokenizer, tokens, text, bytes);
  } else if (n > 0 && tokenizer.is_end(tokens.back())) {
    --n;
  }
  std::vector<int32_t> ids(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(n));
  if (bytes < text.size()) TRY(encode(std::string_view(text).substr(bytes), false, ids));
  grow(ids, text);
  keep(answer.name, std::move(text));
  return {};
}

Result<size_t> Prompt::select(std::string name, std::span<const std::string> choices, const Settings& own,
                              std::vector<double>& scores) {
  TRY(settle());
  TRY(check_name(name));
  Settings settings;  // whose it is and how soon; what answers must be means nothing here
  const Settings all = with(own);
  for (const Key key : {Key::priority, Key::deadline})
    TRY(settings.set_int(option_rows()[static_cast<size_t>(key)].key, all.integer(key)));
  for (const Key key : {Key::client, Key::cache_domain, Key::adapter})
    TRY(settings.set_str(option_rows()[static_cast<size_t>(key)].key, all.text(key)));
  if (tokens_.empty()) TRY(encode("", false, tokens_));
  if (tokens_.empty()) return Status::invalid("nothing stands before the choices", "append text first");
  TRY(settings.set_int("score.from", static_cast<int64_t>(tokens_.size())));
  TRY(settings.set_int("logprobs", 0));

  std::vector<std::vector<int32_t>> ids(choices.size());
  std::vector<std::shared_ptr<Samples>> requests;
  for (size_t i = 0; i < choices.size(); ++i) {
    TRY(encode(choices[i], false, ids[i]));
    if (ids[i].empty()) return Status::invalid(str("choices[", i, "] is empty"));
    std::vector<int32_t> prompt = tokens_;
    prompt.insert(prompt.end(), ids[i].begin(), ids[i].end());
    auto request = engine_->submit(std::move(prompt), settings);
    if (!request.ok()) {
      for (const auto& r : requests) r->cancel();
      return request.status().in(str("choices[", i, "]"));
    }
    requests.push_back(request.take());
  }
  watch(requests);
  auto means = mean_scores(requests);
  watch({});
  TRY(means.status());
  scores = means.take();
  const auto best = static_cast<size_t>(std::ranges::max_element(scores) - scores.begin());
  grow(ids[best], choices[best]);
  keep(name, choices[best]);
  return best;
}

Result<std::vector<double>> Prompt::mean_scores(std::span<const std::shared_ptr<Samples>> requests) {
  std::vector<double> means;
  Status failed;
  for (const auto& r : requests) {
    double sum = 0;
    size_t n = 0;
    const engine::Piece* piece = nullptr;
    int32_t sample = 0;
    Status why;
    infer_status s = INFER_OK;
    while (failed.ok() && (s = r->next(-1, piece, sample, why)) == INFER_OK) {
      sum = std::accumulate(piece->logprobs.begin(), piece->logprobs.end(), sum);
      n += piece->logprobs.size();
    }
    if (s < 0) failed = why;
    if (!failed.ok()) r->cancel();
    means.push_back(n > 0 ? sum / static_cast<double>(n) : 0);
  }
  TRY(failed);
  return means;
}

Result<std::shared_ptr<Prompt>> Prompt::fork() {
  TRY(settle());
  auto child = std::make_shared<Prompt>(engine_, settings_);
  child->text_ = text_;
  child->tokens_ = tokens_;
  child->messages_ = messages_;
  child->answer_from_ = answer_from_;
  child->values_ = values_;
  return child;
}

Status Prompt::join(Prompt& other) {
  if (&other == this) return Status::invalid("a prompt cannot join itself");
  TRY(other.settle());
  auto all = values_;
  for (const auto& [name, value] : other.values_) all.insert_or_assign(name, value);
  if (all.size() > kMostNames)
    return Status(INFER_E_FULL, str("both prompts have ", all.size(), " names; at most ", kMostNames));
  values_.swap(all);
  return {};
}

Result<std::string> Prompt::value(std::string_view name) {
  TRY(settle());
  const auto found = values_.find(name);
  if (found == values_.end())
    return Status::not_found(str("the prompt has nothing named '", name.substr(0, 64), "'"),
                             "gen and select give names");
  return found->second;
}

Result<std::string> Prompt::text() {
  TRY(settle());
  return text_;
}

}  // namespace infer::api
