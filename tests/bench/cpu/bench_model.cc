// Speed of a whole model on the executor, without an engine: bench_model FILE [THREADS [PROMPT GENERATE [REPEATS
// [ISA]]]]. Best of the repeats, wall clock.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/session.h"

using namespace infer;

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int fail(const Status& s) {
  std::fprintf(stderr, "%s\n", std::string(s.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "bench_model FILE [THREADS [PROMPT GENERATE [REPEATS [ISA]]]]\n"), 2;
  const auto number = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  const int threads = number(2, 2), prompt = number(3, 512), generate = number(4, 64), repeats = number(5, 5);
  auto file = formats::open_model(argv[1]);
  if (!file.ok()) return fail(file.status());
  testing::SessionOptions options{.backend = "cpu", .kv_type = INFER_TYPE_F16, .n_ctx = prompt + generate + 1};
  options.settings = {{"cpu.threads", std::to_string(threads)}, {"cpu.isa", argc > 6 ? argv[6] : "auto"}};
  auto session = testing::Session::open(*file, options);
  if (!session.ok()) return fail(session.status());
  std::vector<int32_t> tokens;
  for (int i = 0; i < prompt; i++) tokens.push_back(100 + i * 37 % 20000);
  double prefill = 1e9, decode = 1e9;
  for (int r = 0; r < repeats; r++) {
    (*session)->restart();
    double start = seconds();
    if (prompt > 0)
      if (auto out = (*session)->feed(tokens); !out.ok()) return fail(out.status());
    prefill = std::min(prefill, seconds() - start);
    for (int i = 0; i < generate; i++) {
      const int32_t token = 100 + i;
      start = seconds();
      if (auto out = (*session)->feed({&token, 1}); !out.ok()) return fail(out.status());
      decode = std::min(decode, seconds() - start);
    }
  }
  std::printf("prefill %.1f tokens/s (logits of every row)   decode, best token %.1f tokens/s\n", prompt / prefill,
              1 / decode);
  for (const auto& [name, value] : (*session)->executor().counters())
    std::printf("%s %lld\n", name.c_str(), static_cast<long long>(value));
}
