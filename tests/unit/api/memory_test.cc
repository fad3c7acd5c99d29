// What an engine says that it allocates, against what the process's allocator says.
#include "open.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "block_model.h"
#include "tests/unit/folder.h"

using namespace open_api;

namespace {

int64_t allocated() {
  const struct mallinfo2 m = mallinfo2();
  return static_cast<int64_t>(m.uordblks + m.hblkhd);
}

int64_t said(const libinfer::Engine& e, const char* what) {
  return nlohmann::json::parse(must(e.describe())).at("bytes").at(what).get<int64_t>();
}

// Within 2 %, or 8 MiB.
void close_to(int64_t is, int64_t said) {
  CAPTURE(is);
  CAPTURE(said);
  CHECK(std::abs(static_cast<double>(is - said)) <= std::max(0.02 * static_cast<double>(said), 8.0 * (1 << 20)));
}

}  // namespace

TEST_CASE("an engine allocates what it said, within 2 %, and keeps to memory.max") {
  const infer::Folder folder;
  const std::string model = block_model(folder);
  for (const std::string& path : {tiny("llama"), model}) {
    for (const char* type : {"f16", "q8_0"}) {
      if (path != model && std::string(type) == "q8_0") continue;  // heads of 12
      for (int64_t adapters : {0, 2}) {
        for (int64_t most : {int64_t{256} << 20, int64_t{700} << 20}) {
          CAPTURE(path);
          CAPTURE(type);
          CAPTURE(adapters);
          auto rt = must(libinfer::Runtime::create(Options().set("cpu.threads", 2)));
          auto m = must(rt.open(path));
          const int64_t before = allocated();
          auto e = must(m.engine(Options()
                                     .set("device", "cpu")
                                     .set("kv.type", type)
                                     .set("memory.max", most)
                                     .set("batch.requests", 64)
                                     .set("context.max", 16384)
                                     .set("adapter.slots", adapters)
                                     .set("draft.model", adapters ? path : std::string())));
          close_to(allocated() - before, said(e, "total"));
          CHECK(said(e, "total") <= most);
          CHECK(said(e, "total") == said(e, "kv") + said(e, "logits") + said(e, "workspace"));
          CHECK(said(e, "kv") > most / 5);  // it is a test of pages, too
        }
      }
    }
  }
}
#endif
