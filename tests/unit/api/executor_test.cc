// Threads that the host lends (infer_hooks.parallel), through the C API.
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/processors.h"
#include "open.h"

using namespace open_api;

namespace {

using Call = std::function<void(int32_t)>;
using Way = std::function<void(int32_t n, const Call& call)>;

// A host that makes the calls in its own way.
struct Host {
  explicit Host(Way w) : way(std::move(w)) {
    hooks.user = this;
    hooks.parallel = [](void* self, int32_t n, void (*body)(void*, int32_t), void* arg) {
      Host& h = *static_cast<Host*>(self);
      h.asked++;
      h.way(n, [=](int32_t i) { body(arg, i); });
    };
  }
  Host(const Host&) = delete;
  Way way;
  std::atomic<int> asked{0};
  infer_hooks hooks = INFER_HOOKS_INIT;
};

void one_after_another(int32_t n, const Call& call) {
  for (int32_t i = n; i-- > 0;) call(i);
}
void on_threads(int32_t n, const Call& call) {
  std::vector<std::thread> threads;
  for (int32_t i = 1; i < n; ++i) threads.emplace_back(call, i);
  call(0);
  for (std::thread& t : threads) t.join();
}

Options cpu(int threads) { return Options().set("cpu.threads", threads).set("backend.use", "cpu"); }

std::vector<int32_t> prompt() {
  std::vector<int32_t> ids;
  for (int i = 0; i < 150; ++i) ids.push_back((i * 31 + 5) % 284);
  return ids;
}

// A prompt of many rows, then single tokens.
Answer answer(libinfer::Engine& engine) {
  auto r = must(engine.tokens(prompt(), greedy(12).set("logprobs", 1).set("ignore_end", 1)));
  return collect(r);
}
Answer answer(libinfer::Runtime& runtime) {
  auto model = must(runtime.open(tiny("llama_gqa")));
  auto engine = must(model.engine());
  return answer(engine);
}

bool same(const Answer& a, const Answer& b) {
  return a == b && std::memcmp(a.logprobs.data(), b.logprobs.data(), a.logprobs.size() * sizeof(float)) == 0;
}

bool has_several_processors() { return infer::usable_processors() > 1; }

}  // namespace

TEST_CASE("the answer is the same on threads that the host lends, however it runs them") {
  auto own = must(libinfer::Runtime::create(cpu(3)));
  const Answer expected = answer(own);
  REQUIRE(expected.tokens.size() == 12);
  for (const Way& way : {Way(one_after_another), Way(on_threads)}) {
    Host host(way);
    {
      auto runtime = must(libinfer::Runtime::create(cpu(3), &host.hooks));
      CHECK(same(answer(runtime), expected));
    }
    if (has_several_processors()) CHECK(host.asked >= 12);  // once for a step
  }
}

TEST_CASE("engines of one runtime and of two compute at the same time on a host's threads") {
  auto own = must(libinfer::Runtime::create(cpu(2)));
  const Answer expected = answer(own);
  Host host(on_threads);
  auto first = must(libinfer::Runtime::create(cpu(2), &host.hooks));
  auto second = must(libinfer::Runtime::create(cpu(2), &host.hooks));
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (libinfer::Runtime* runtime : {&first, &first, &second})
    callers.emplace_back([&, runtime] { right += same(answer(*runtime), expected); });
  for (std::thread& t : callers) t.join();
  CHECK(right == 3);
}

TEST_CASE("a runtime that is lent threads starts none to compute") {
  const std::filesystem::path tasks = "/proc/self/task";
  if (!std::filesystem::exists(tasks)) return;  // not Linux
  const auto threads = [&] {
    return std::distance(std::filesystem::directory_iterator(tasks), std::filesystem::directory_iterator());
  };
  // A thread that has ended may be seen for a moment more.
  const auto become = [&](std::ptrdiff_t n) {
    for (int i = 0; i < 5000 && threads() != n; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return threads() == n;
  };
  auto warm = must(libinfer::Runtime::create(cpu(1)));
  CHECK(answer(warm).tokens.size() == 12);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::ptrdiff_t before = threads();
  {
    Host host(one_after_another);
    auto runtime = must(libinfer::Runtime::create(cpu(2), &host.hooks));
    CHECK(threads() == before);
    auto model = must(runtime.open(tiny("llama")));
    auto engine = must(model.engine());
    CHECK(answer(engine).tokens.size() == 12);
    CHECK(become(before + 1));  // the engine's own
  }
  CHECK(become(before));
  auto own = must(libinfer::Runtime::create(cpu(2)));
  if (has_several_processors()) CHECK(threads() == before + 1);
}

TEST_CASE("binding threads that the host lends is refused") {
  Host host(one_after_another);
  const auto refused = libinfer::Runtime::create(cpu(2).set("cpu.affinity", "0"), &host.hooks);
  REQUIRE(!refused);
  CHECK(refused.error().status == INFER_E_INVALID);
  CHECK(refused.error().message.find("cpu.affinity") != std::string::npos);
}

TEST_CASE("hooks of a program that was built before parallel came lend nothing") {
  Host host([](int32_t, const Call&) { FAIL("called"); });
  host.hooks.struct_size = 32;  // as in 1.0; what lies behind is not the program's
  auto runtime = must(libinfer::Runtime::create(cpu(2), &host.hooks));
  CHECK(answer(runtime).tokens.size() == 12);
  CHECK(host.asked == 0);
}
