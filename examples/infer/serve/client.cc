#include "serve/client.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <thread>

#include "process.h"

namespace infer::tool {
namespace {

constexpr double kSampleMs = 100;    // between two looks at the engine's pages
constexpr double kControlMs = 5000;  // between two looks at the machine

class Client {
 public:
  Client(const Session& session, const std::vector<Ask>& load, const std::vector<std::string>& options, Prober* control)
      : session_(session),
        control_(control),
        load_(load),
        outcomes_(load.size()),
        whole_(load.size()),
        followers_(load.size(), -1) {
    infer_options* made = nullptr;
    check(infer_options_new(&made));
    options_.reset(made);
    check(infer_options_set_num(made, "temperature", 0));
    check(infer_options_set_int(made, "ignore_end", 1));
    for (const std::string& o : options) {
      const size_t at = o.find('=');
      check(infer_options_parse(made, o.substr(0, at).c_str(), o.substr(at + 1).c_str()));
    }
    const char* text = nullptr;
    int64_t len = 0;
    check(infer_engine_describe(session.engine.get(), &text, &len));
    const Json kv = Json::parse(text, text + len).at("kv");
    page_ = kv.at("page").get<double>();
    n_pages_ = kv.at("pages").get<double>();
    for (size_t i = 0; i < load.size(); ++i) {
      if (load[i].after < 0) {
        due_.push_back(i);
      } else {
        followers_[static_cast<size_t>(load[i].after)] = static_cast<int64_t>(i);
      }
    }
  }

  Served run(size_t concurrency, const std::function<void(size_t)>& progress) {
    start_ = now_ms();
    while (done_ < load_.size()) {
      while (!due_.empty() && running_.size() < concurrency && load_[due_.front()].at_ms <= time()) {
        submit(due_.front());
        due_.pop_front();
      }
      pull(next_event(concurrency));
      sample();
      look_at_machine();
      if (progress) progress(done_);
    }
    Served s;
    s.seconds = time() / 1000;
    s.outcomes = std::move(outcomes_);
    s.drift = rate(0.65, 0.9) / std::max(1e-9, rate(0.2, 0.45));
    const double early_speed = machine(0.2, 0.45);
    if (early_speed > 0) s.machine_drift = machine(0.65, 0.9) / early_speed;
    const auto early = static_cast<size_t>(0.2 * static_cast<double>(ends_.size()));
    s.memory_slope = static_cast<double>(ends_.back().memory - ends_[early].memory) * 1000 /
                     static_cast<double>(std::max<size_t>(1, ends_.size() - early));
    s.pages_used = samples_ > 0 ? sum_ / samples_ : 0;
    s.most_pages_used = most_;
    s.slots_used = slot_samples_ > 0 ? slots_ / slot_samples_ : 0;
    return s;
  }

 private:
  struct Running {
    size_t index;
    Request request;
  };
  // Tokens per second between the ends of these parts of the requests.
  double rate(double from, double to) const {
    const auto at = [&](double part) {
      return ends_[static_cast<size_t>(part * static_cast<double>(ends_.size() - 1))];
    };
    return static_cast<double>(at(to).tokens - at(from).tokens) * 1000 / std::max(1e-3, at(to).ms - at(from).ms);
  }
  // The machine's speed meanwhile, as the fixed kernel has it: its mean; 0: not measured.
  double machine(double from, double to) const {
    const auto at = [&](double part) {
      return ends_[static_cast<size_t>(part * static_cast<double>(ends_.size() - 1))].ms;
    };
    double sum = 0, n = 0;
    for (const auto& [ms, speed] : machine_)
      if (ms >= at(from) && ms <= at(to)) sum += speed, n += 1;
    return n > 0 ? sum / n : 0;
  }
  // The clock of the run stands still meanwhile.
  void look_at_machine() {
    if (!control_ || time() < next_control_) return;
    check(infer_engine_pause(session_.engine.get()));
    const double begin = now_ms(), at = time();
    machine_.emplace_back(at, control_->measure().int8_per_s);
    check(infer_engine_resume(session_.engine.get()));
    start_ += now_ms() - begin;
    next_control_ = time() + kControlMs;
  }
  double time() const { return now_ms() - start_; }

  // Milliseconds until the next is to be sent, or until the pages are to be looked at.
  int32_t next_event(size_t concurrency) const {
    double wait = kSampleMs;
    if (!due_.empty() && running_.size() < concurrency) wait = std::min(wait, load_[due_.front()].at_ms - time());
    return static_cast<int32_t>(std::max(0.0, wait));
  }

  void submit(size_t i) {
    const Ask& a = load_[i];
    Outcome& o = outcomes_[i];
    std::vector<int32_t>& ids = whole_[i];
    if (a.after >= 0) ids = std::move(whole_[static_cast<size_t>(a.after)]);
    ids.insert(ids.end(), a.ids.begin(), a.ids.end());
    o.priority = a.priority;
    o.submitted_ms = time();
    check(infer_options_set_int(options_.get(), "max_tokens", a.generate));
    check(infer_options_set_int(options_.get(), "priority", a.priority));
    infer_request* request = nullptr;
    const infer_status s = infer_engine_submit_tokens(session_.engine.get(), ids.data(),
                                                      static_cast<int64_t>(ids.size()), options_.get(), &request);
    if (s < 0) return end(i, infer_last_error());
    running_.push_back({i, Request(request)});
  }

  void pull(int32_t wait) {
    handles_.clear();
    for (const Running& r : running_) handles_.push_back(r.request.get());
    int64_t which = 0;
    if (handles_.empty()) handles_.push_back(nullptr);
    const infer_status s =
        check(infer_request_wait_any(handles_.data(), static_cast<int64_t>(handles_.size()), wait, &which));
    if (s == INFER_DONE && wait > 0) std::this_thread::sleep_for(std::chrono::milliseconds(wait));  // nothing runs
    if (s != INFER_OK) return;
    // Whoever else has something is served as well: one step brings tokens to many.
    for (size_t i = static_cast<size_t>(which); i < running_.size();) i += take(i) ? 1 : 0;
  }

  // What one has, if anything. False: it has ended, and another one has its place.
  bool take(size_t at) {
    const size_t i = running_[at].index;
    infer_request* r = running_[at].request.get();
    Outcome& o = outcomes_[i];
    infer_piece piece = INFER_PIECE_INIT;
    const infer_status s = infer_request_next(r, 0, &piece);
    if (s == INFER_PENDING) return true;
    if (s == INFER_OK && piece.n_tokens > 0) {
      const double t = time();
      if (o.first_ms == 0) {
        o.first_ms = t;
      } else {
        o.gaps_ms.push_back(t - last_[i]);
      }
      last_[i] = t;
      o.generated += piece.n_tokens;
      if (followers_[i] >= 0) whole_[i].insert(whole_[i].end(), piece.tokens, piece.tokens + piece.n_tokens);
    }
    if (s == INFER_OK && piece.finish == INFER_FINISH_NONE) return true;
    infer_usage usage = INFER_USAGE_INIT;
    if (infer_request_usage(r, &usage) == INFER_OK) {
      o.prompt = usage.prompt_tokens;
      o.cached = usage.cached_tokens;
    }
    end(i, s < 0 ? infer_last_error() : "");
    std::swap(running_[at], running_.back());
    running_.pop_back();
    return false;
  }

  void end(size_t i, const std::string& error) {
    outcomes_[i].end_ms = time();
    outcomes_[i].error = error;
    ++done_;
    ends_.push_back({time(), tokens_ += outcomes_[i].generated, peak_memory()});
    if (followers_[i] >= 0) {
      due_.push_front(static_cast<size_t>(followers_[i]));
    } else {
      whole_[i] = {};
    }
  }

  void sample() {
    if (time() < next_sample_) return;
    next_sample_ = time() + kSampleMs;
    const auto pages = static_cast<double>(session_.counter("pages.used"));
    const double used = pages / n_pages_;
    sum_ += used;
    if (pages > 0) slots_ += static_cast<double>(session_.counter("slots.used")) / (pages * page_), slot_samples_ += 1;
    samples_ += 1;
    most_ = std::max(most_, used);
  }

  const Session& session_;
  Prober* const control_;
  const std::vector<Ask>& load_;
  Options options_;
  std::vector<Outcome> outcomes_;
  std::vector<std::vector<int32_t>> whole_;  // of a conversation: all tokens so far
  std::vector<int64_t> followers_;           // index; -1: none
  std::vector<double> last_ = std::vector<double>(outcomes_.size());
  std::deque<size_t> due_;
  std::vector<Running> running_;
  std::vector<infer_request*> handles_;
  struct End {
    double ms;
    int64_t tokens, memory;
  };
  std::vector<End> ends_;                           // of requests, in order
  std::vector<std::pair<double, double>> machine_;  // milliseconds; operations per second of the fixed kernel
  int64_t tokens_ = 0;
  size_t done_ = 0;
  double start_ = 0, next_sample_ = 0, next_control_ = 0, slots_ = 0, slot_samples_ = 0, page_ = 1, n_pages_ = 1,
         sum_ = 0, samples_ = 0, most_ = 0;
};

}  // namespace

Served serve(const Session& session, const std::vector<Ask>& load, int64_t concurrency,
             const std::vector<std::string>& options, Prober* control,
             const std::function<void(size_t done)>& progress) {
  return Client(session, load, options, control).run(static_cast<size_t>(concurrency), progress);
}

}  // namespace infer::tool
