// Whatever a backend does at its n-th call: a clean Status, nothing leaked, and the next attempt works.
#include "fixture.h"

using namespace infer;
using namespace infer::test;
using device::Executor;

namespace {

const char* const kKinds[] = {"fail", "memory", "throw", "throw_int", "null", "status", "lie", "silent"};

void check_nothing_lives() {
  const mock::Census c = mock::census();
  CHECK(c.devices == 0);
  CHECK(c.buffers == 0);
  CHECK(c.plans == 0);
}

// Opens, runs two steps, moves a page. The first failure, or OK.
Status scenario(const std::string& fault, const std::string& memory, std::vector<float>& logits) {
  device::RegistryOptions options;
  options.settings = {{"mock.fault", fault}, {"mock.memory", memory}, {"mock.refuse", "glu"}};
  options.builtin = kBoth;
  TRY_SET(const auto r, device::Registry::create(std::move(options), {}));
  SmallModel model;
  TRY_SET(const auto file, File::open(INFER_SOURCE_DIR "/README.md"));
  model.weights[0].source = {file.get(), "readme", 0};
  TRY_SET(const auto e, model.executor(*r));
  logits.assign(4 * kVocab, 0);
  TRY(e->run(one_sequence(0, 4), logits));
  TRY(e->copy_page(0, 3));
  TRY(e->discard_pages(2, 1).status());
  const Step again = one_sequence(4, 4);
  const Status s = e->run(again, logits);
  if (s.ok()) return s;
  // A failed run leaves everything else intact: the same step works at once, unless the device is gone.
  if (s.code() == INFER_E_DEVICE_LOST)
    CHECK(e->run(again, logits).code() == INFER_E_DEVICE_LOST);
  else
    CHECK(e->run(again, logits).ok());
  return s;
}

}  // namespace

TEST_CASE("a fault at any call of any kind ends in a status that names the backend, and leaks nothing") {
  std::vector<float> expected, logits;
  REQUIRE(scenario("none@1=fail", "host", expected).ok());
  check_nothing_lives();
  for (const char* memory : {"host", "device"}) {
    for (const char* kind : kKinds) {
      int n = 1;
      for (;; ++n) {
        REQUIRE(n < 2000);
        const int before = mock::census().faults;
        const Status s = scenario(str("any@", n, "=", kind), memory, logits);
        check_nothing_lives();
        const bool went_off = mock::census().faults > before;
        // "null" on a write is a plugin that says OK and does nothing: only its author can find that.
        if (s.ok() && std::string_view(kind) != "null") CHECK(logits == expected);
        if (!s.ok()) {
          CHECK(s.code() < 0);
          const std::string message(s.message());
          CHECK_MESSAGE(message.find("mock") != std::string::npos, message);
        }
        if (!went_off) break;
      }
      CHECK(n > 20);
    }
  }
}

TEST_CASE("each fault of each function is answered with the code that fits it") {
  struct Case {
    const char *fault, *memory;
    infer_status code;
    const char* says;
  };
  const Case cases[] = {
      {"buffer_new@1=memory", "host", INFER_E_NO_MEMORY, "mock fails in buffer_new"},
      {"buffer_new@1=null", "host", INFER_E_INTERNAL, "gave no buffer"},
      {"buffer_new@1=throw", "host", INFER_E_INTERNAL, "mock throws in buffer_new"},
      {"buffer_new@1=throw_int", "host", INFER_E_INTERNAL, "threw"},
      {"buffer_new@1=status", "host", INFER_E_INTERNAL, "unknown status -12345"},
      {"buffer_new@1=silent", "host", INFER_E_INTERNAL, "backend 'mock'"},
      {"buffer_host@1=lie", "host", INFER_E_INTERNAL, "not aligned"},
      {"buffer_import@1=null", "host", INFER_E_INTERNAL, "gave no buffer"},
      {"buffer_import@1=fail", "host", INFER_E_INTERNAL, "mock fails in buffer_import"},
      {"buffer_source@1=fail", "host", INFER_E_INTERNAL, "mock fails in buffer_source"},
      {"buffer_source@1=throw", "host", INFER_E_INTERNAL, "mock throws in buffer_source"},
      {"buffer_discard@1=fail", "device", INFER_E_INTERNAL, "mock fails in buffer_discard"},
      {"buffer_discard@1=throw", "host", INFER_E_INTERNAL, "mock throws in buffer_discard"},
      {"buffer_write@1=fail", "device", INFER_E_INTERNAL, "mock fails in buffer_write"},
      {"plan_new@1=memory", "host", INFER_E_NO_MEMORY, "mock fails in plan_new"},
      {"plan_new@1=null", "host", INFER_E_INTERNAL, "gave no plan"},
      {"plan_new@1=lie", "host", INFER_E_INTERNAL, "-1 bytes"},
      {"plan_new@1=throw", "host", INFER_E_INTERNAL, "mock throws in plan_new"},
      {"plan_submit@1=lost", "host", INFER_E_DEVICE_LOST, "mock fails in plan_submit"},
      {"plan_wait@1=lost", "host", INFER_E_DEVICE_LOST, "mock fails in plan_wait"},
      {"plan_wait@1=throw", "host", INFER_E_INTERNAL, "mock throws in plan_wait"},
      {"buffer_read@1=lost", "device", INFER_E_DEVICE_LOST, "mock fails in buffer_read"},
      {"plan_submit@4=lost", "host", INFER_E_DEVICE_LOST, "mock fails in plan_submit"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.fault);
    std::vector<float> logits;
    const Status s = scenario(c.fault, c.memory, logits);
    CHECK_MESSAGE(s.code() == c.code, s.message());
    CHECK_MESSAGE(s.message().find(c.says) != std::string_view::npos, s.message());
    check_nothing_lives();
  }
}

TEST_CASE("a device that cannot be opened is skipped, and the others are used") {
  for (const char* kind : {"fail", "throw", "null", "memory", "lost"}) {
    const auto r = runtime(true, {{"mock.fault", str("device_open@1=", kind)}});
    REQUIRE(r->devices().size() == 1);
    CHECK(r->devices()[0]->name() == "reference");
    bool noted = false;
    for (const auto& e : r->entries())
      noted |= e.name == "mock" && !e.backend && e.note.find("device 0") != std::string::npos;
    CHECK(noted);
  }
  check_nothing_lives();
}

TEST_CASE("what a device says about itself is repaired before anyone reads it") {
  const auto r = runtime(true);
  const infer_dev_info& info = r->devices()[0]->info();
  CHECK(std::string(info.name) == "mock");
  CHECK(std::string(info.features).empty());
  CHECK(info.memory_total == 0);
  CHECK(info.memory_free == 0);
}
