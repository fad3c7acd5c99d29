// A small decoder on a Vulkan device against reference, and what may happen to the device.
#include <cmath>
#include <fstream>
#include <thread>

#include "backends/vulkan/buffer.h"
#include "tests/unit/device/fixture.h"
#include "tests/unit/folder.h"

extern "C" const infer_backend* infer_backend_vulkan_v0(const infer_host* host);

using namespace infer;
using namespace infer::test;
using device::Executor;

namespace {

constexpr device::Builtin kVulkan[] = {{"vulkan", infer_backend_vulkan_v0}};

constexpr device::Builtin kWithReference[] = {{"vulkan", infer_backend_vulkan_v0}, kReference};

Result<std::unique_ptr<device::Registry>> vulkan_runtime(Settings settings = {}) {
  device::RegistryOptions options;
  options.builtin = kVulkan;
  options.settings = std::move(settings);
  options.settings.emplace_back("vulkan.use", "all");
  return device::Registry::create(std::move(options), {});
}

// For steps in which every row of 16 gives logits.
Executor::Limits all_rows() {
  Executor::Limits l = kLimits;
  l.rows = l.tokens;
  return l;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, power = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    error += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    power += double(a[i]) * a[i];
  }
  return error / power;
}

}  // namespace

TEST_CASE("a decoder gives what reference gives: prompts, single tokens, several sequences") {
  for (const auto& [kv, separate] :
       {std::pair{INFER_TYPE_F32, "false"}, {INFER_TYPE_F16, "false"}, {INFER_TYPE_F16, "true"}}) {
    const SmallModel model(kv);
    auto r = vulkan_runtime({{"vulkan.separate", separate}});
    REQUIRE_MESSAGE(r.ok(), r.status().message());
    const auto plain = runtime(false);
    auto e = model.executor(**r, all_rows()), want = model.executor(*plain, all_rows());
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    REQUIRE(want.ok());
    for (const auto& [first, n] : {std::pair{0, 12}, {12, 1}, {13, 2}, {15, 1}}) {
      const Step s = one_sequence(first, n);
      CHECK(distance(run(**want, s), run(**e, s)) < 1e-9);
    }
    for (const auto& p : (*e)->placement()) CHECK(p.device == "vulkan");
  }
}

TEST_CASE("pages are copied, read and written back, also where the host does not see them") {
  const SmallModel model;
  const char* separate = "false";
  SUBCASE("shared") {}
  SUBCASE("separate") { separate = "true"; }
  auto r = vulkan_runtime({{"vulkan.separate", separate}});
  REQUIRE(r.ok());
  auto e = model.executor(**r);
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  run(**e, one_sequence(0, 8));
  const std::vector<float> next = run(**e, one_sequence(8, 1));
  std::vector<std::byte> page(static_cast<size_t>((*e)->page_bytes()));
  for (int32_t p : {0, 1}) {
    REQUIRE((*e)->read_page(p, page).ok());
    REQUIRE((*e)->write_page(p + 4, page).ok());
  }
  CHECK(run(**e, one_sequence(8, 1, 4)) == next);
  REQUIRE((*e)->copy_page(0, 6).ok());
  REQUIRE((*e)->copy_page(1, 7).ok());
  CHECK(run(**e, one_sequence(8, 1, 6)) == next);
}

TEST_CASE("a device that is lost in the middle says so from then on, and a new one works") {
  const SmallModel model;
  auto r = vulkan_runtime({{"vulkan.fault.lost", "12"}});
  REQUIRE(r.ok());
  auto e = model.executor(**r);
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  std::vector<float> logits(8 * kVocab);
  int good = 0;
  Status s;
  for (; good < 20; ++good) {
    s = (*e)->run(one_sequence(good % 16, 1), logits);
    if (!s.ok()) break;
  }
  CHECK(good > 0);
  CHECK(good < 12);
  CHECK(s.code() == INFER_E_DEVICE_LOST);
  CHECK((*e)->run(one_sequence(0, 1), logits).code() == INFER_E_DEVICE_LOST);
  CHECK(model.executor(**r).status().code() == INFER_E_DEVICE_LOST);
  auto again = vulkan_runtime();
  REQUIRE(again.ok());
  auto other = model.executor(**again);
  REQUIRE(other.ok());
  run(**other, one_sequence(0, 3));
}

TEST_CASE("a run is cancelled from another thread, and the next one is right") {
  const SmallModel model;
  auto r = vulkan_runtime();
  REQUIRE(r.ok());
  auto e = model.executor(**r, all_rows());
  REQUIRE(e.ok());
  const std::vector<float> want = run(**e, one_sequence(0, 16));
  int cancelled = 0;
  for (int i = 0; i < 50; ++i) {
    std::vector<float> logits(16 * kVocab);
    std::thread other([&] { (*e)->cancel(); });
    const Status s = (*e)->run(one_sequence(0, 16), logits);
    other.join();
    cancelled += s.code() == INFER_E_CANCELLED;
    CHECK((s.ok() || s.code() == INFER_E_CANCELLED));
  }
  MESSAGE(cancelled, " of 50 runs were cancelled in time");
  CHECK(run(**e, one_sequence(0, 16)) == want);
}

TEST_CASE("compiled kernels are kept; damaged or foreign files of them are not used") {
  const SmallModel model;
  const Folder folder;
  const auto start = [&] {
    device::RegistryOptions options;
    options.builtin = kVulkan;
    options.settings = {{"vulkan.use", "all"}};
    options.shared = {{"pack.dir", folder / "kept"}};
    auto r = device::Registry::create(std::move(options), {});
    REQUIRE(r.ok());
    auto e = model.executor(**r);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    return run(**e, one_sequence(0, 3));
  };
  const std::vector<float> first = start();
  std::vector<std::filesystem::path> files;
  for (const auto& f : std::filesystem::directory_iterator(folder / "kept")) files.push_back(f.path());
  REQUIRE(files.size() == 1);
  CHECK(std::filesystem::file_size(files[0]) > 60);
  CHECK(start() == first);
  for (const auto at : {0, 30, 60}) {  // magic, vendor, the driver's own bytes
    std::fstream file(files[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put('\x5a');
    file.close();
    CHECK(start() == first);
  }
  std::filesystem::resize_file(files[0], 20);
  CHECK(start() == first);
}

// Run alone, by a test that wants to see the layers complain: silence elsewhere means something.
TEST_CASE("planted fault" * doctest::skip()) {
  auto r = vulkan_runtime();
  REQUIRE(r.ok());
  auto opened = vulkan::Device::open((*vulkan::Instance::get())->adapters().front(), {});
  REQUIRE_MESSAGE(opened.ok(), opened.status().message());
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  VkBuffer none = VK_NULL_HANDLE;  // of no bytes
  if (vkCreateBuffer((*opened)->handle(), &info, nullptr, &none) == VK_SUCCESS)
    vkDestroyBuffer((*opened)->handle(), none, nullptr);
}

TEST_CASE("devices are used when they are named, and not before") {
  device::RegistryOptions options;
  options.builtin = kVulkan;
  auto r = device::Registry::create(options, {});
  REQUIRE(!r.ok());
  CHECK(r.status().message().find("no driver was loaded") != std::string_view::npos);
  options.builtin = kWithReference;
  auto late = device::Registry::create(options, {});
  REQUIRE(late.ok());
  CHECK((*late)->devices().size() == 1);
  REQUIRE((*late)->want("nobody").ok());
  REQUIRE((*late)->want("vulkan").ok());
  CHECK((*late)->devices().size() >= 2);
  for (const auto& e : (*late)->entries()) CHECK(e.backend != nullptr);
  REQUIRE((*late)->want("vulkan").ok());
  options.builtin = kVulkan;
  options.named = {"vulkan"};
  CHECK(device::Registry::create(options, {}).ok());
  options.named = {"cpu"};
  CHECK(!device::Registry::create(options, {}).ok());
  options.settings = {{"vulkan.use", "gpus"}};
  if (auto gpus = device::Registry::create(options, {}); gpus.ok())
    for (const auto& d : (*gpus)->devices()) CHECK(d->info().kind != 4);
  options.settings = {{"vulkan.use", "none"}};
  CHECK(device::Registry::create(options, {}).status().code() == INFER_E_INVALID);
}
