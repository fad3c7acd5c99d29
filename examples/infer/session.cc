#include "session.h"

#include <chrono>
#include <cstdio>

#include "interrupt.h"
#include "print.h"
#include "process.h"

namespace infer::tool {
namespace {

constexpr int32_t kTickMs = 50;
constexpr double kPatienceMs = 200;  // a shorter load shows no bar

void log_to_stderr(void*, int32_t level, const char* text, int64_t len) {
  static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
  std::fprintf(stderr, "%s: %.*s\n", kNames[level < 0 || level > 3 ? 3 : level], static_cast<int>(len), text);
}

void draw_bar(double progress) {
  constexpr int kWidth = 40;
  const int full = static_cast<int>(progress * kWidth);
  std::string bar(kWidth, ' ');
  for (int i = 0; i < full && i < kWidth; ++i) bar[static_cast<size_t>(i)] = '=';
  std::fprintf(stderr, "\rloading [%s] %3.0f %%", bar.c_str(), progress * 100);
}

// Waits for the load with a bar; a noted Ctrl-C cancels it.
void wait_for(infer_model* model) {
  const InterruptGuard guard;
  const bool terminal = is_terminal(stderr);
  const double start = now_ms();
  bool drawn = false, cancelled = false;
  double progress = 0;
  infer_status status;
  while ((status = infer_model_wait(model, kTickMs, &progress)) == INFER_PENDING) {
    if (InterruptGuard::interrupted() && !cancelled) {
      cancelled = true;
      infer_model_cancel(model);
    }
    if (terminal && now_ms() - start > kPatienceMs) {
      drawn = true;
      draw_bar(progress);
    }
  }
  if (drawn) std::fprintf(stderr, "\r%60s\r", "");
  if (cancelled) throw Failure{"loading was interrupted", "", kExitInterrupted};
  check(status);
}

}  // namespace

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int64_t Session::fact(const char* name) const {
  int64_t value = 0;
  check(infer_model_fact(model.get(), name, &value));
  return value;
}

std::string Session::meta(std::string_view key) const {
  const char *k = nullptr, *v = nullptr;
  for (int64_t i = 0; check(infer_model_meta_at(model.get(), i, &k, &v)) == INFER_OK; ++i) {
    if (k == key) return v;
  }
  return "";
}

int64_t Session::counter(std::string_view name) const {
  const char* n = nullptr;
  int64_t value = 0;
  for (int32_t i = 0; check(infer_engine_counter_at(engine.get(), i, &n, &value)) == INFER_OK; ++i) {
    if (n == name) return value;
  }
  return 0;
}

Runtime new_runtime(const Options& options) {
  infer_hooks hooks = INFER_HOOKS_INIT;
  hooks.log = log_to_stderr;
  infer_runtime* made = nullptr;
  check(infer_runtime_new(options.get(), &hooks, &made));
  return Runtime(made);
}

Session open_model(const std::string& file, const Options& options) {
  Session session;
  const double start = now_ms();
  session.runtime = new_runtime(options);
  infer_model* model = nullptr;
  check(infer_model_open_start(session.runtime.get(), file.c_str(), options.get(), &model));
  session.model.reset(model);
  wait_for(model);
  session.load_ms = now_ms() - start;
  return session;
}

void start_engine(Session& session, const Options& options, const std::string& adapter) {
  const double start = now_ms();
  infer_engine* engine = nullptr;
  check(infer_engine_new(session.model.get(), options.get(), &engine));
  session.engine.reset(engine);
  if (!adapter.empty()) check(infer_engine_load_adapter(engine, kAdapterName, adapter.c_str(), options.get()));
  session.engine_ms = now_ms() - start;
}

}  // namespace infer::tool
