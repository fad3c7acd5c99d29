// A small decoder on a Vulkan device against reference, and what may happen to the device.
#include <cmath>
#include <fstream>

#include "backends/vulkan/plan.h"
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

TEST_CASE(
    "a long run goes to the device in pieces; cancelled after the first ones it ends, and the next run is right") {
  graph::Builder b;
  std::vector<float> matrix(kWidth * kWidth, 0.0f), table(kVocab * kWidth), ones(kWidth, 1.0f);
  for (int64_t i = 0; i < kWidth; ++i) matrix[static_cast<size_t>(i * kWidth + i)] = 1.0f;
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i % 17) - 8.0f;
  std::vector<Executor::Weight> weights;
  const auto weight = [&](const char* name, std::vector<int64_t> dims, const std::vector<float>& data) {
    weights.push_back({b.weight(name, INFER_TYPE_F32, std::move(dims)), std::as_bytes(std::span(data))});
    return weights.back().tensor;
  };
  graph::TensorId x = b.embed(weight("table", {kVocab, kWidth}, table), b.tokens());
  const graph::TensorId w = weight("identity", {kWidth, kWidth}, matrix);
  for (int i = 0; i < 200; ++i) x = b.matmul(x, w);
  const graph::TensorId rows = b.rows();
  auto made = b.finish(b.gather(x, rows));
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  const graph::Program program = made.take();
  const graph::Symbols most = {16, 1, 2, 16, 1, 1};
  const graph::View view(program, most);

  const auto instance = vulkan::Instance::get();
  REQUIRE(instance.ok());
  auto device = vulkan::Device::open((*instance)->adapters().front(), {});
  REQUIRE_MESSAGE(device.ok(), device.status().message());
  std::vector<std::unique_ptr<vulkan::Buffer>> buffers;
  const auto hold = [&](const void* data, size_t n, int32_t use) {
    auto buffer = vulkan::Buffer::make(**device, static_cast<int64_t>(n), use);
    REQUIRE(buffer.ok());
    if (data) REQUIRE((*buffer)->write(0, data, static_cast<int64_t>(n)).ok());
    buffers.push_back(buffer.take());
    return vulkan::as_buf(buffers.back().get());
  };
  std::vector<infer_binding> bound;
  for (const auto& one : weights)
    bound.push_back({one.tensor, 0, hold(one.data.data(), one.data.size(), INFER_USE_WEIGHT), 0,
                     static_cast<int64_t>(one.data.size())});
  auto plan = vulkan::Plan::make(**device, *view.c(), bound.data(), static_cast<uint32_t>(bound.size()), nullptr);
  REQUIRE_MESSAGE(plan.ok(), plan.status().message());

  std::vector<int32_t> ids(16), all(16);
  for (int32_t i = 0; i < 16; ++i) {
    ids[static_cast<size_t>(i)] = i * 3 % static_cast<int32_t>(kVocab);
    all[static_cast<size_t>(i)] = i;
  }
  std::vector<float> out(16 * kWidth);
  std::vector<infer_binding> binds;
  vulkan::Buffer* result = nullptr;
  for (graph::TensorId t = 0; t < program.tensors().size(); ++t) {
    const uint32_t role = program.tensor(t).role;
    if (role != INFER_ROLE_INPUT && role != INFER_ROLE_OUTPUT) continue;
    const bool input = role == INFER_ROLE_INPUT;
    const size_t n = input ? ids.size() * 4 : out.size() * 4;
    const void* data = !input ? nullptr : t == rows ? all.data() : ids.data();
    binds.push_back({t, 0, hold(data, n, INFER_USE_EXCHANGE), 0, static_cast<int64_t>(n)});
    if (!input) result = vulkan::buffer(binds.back().buf);
  }
  REQUIRE(result != nullptr);
  const auto submit = [&] { return (*plan)->submit(most.data(), binds.data(), static_cast<uint32_t>(binds.size())); };
  const auto right = [&] {
    const auto over = (*plan)->wait(-1);
    REQUIRE(over.ok());
    CHECK(*over);
    REQUIRE(result->read(0, out.data(), static_cast<int64_t>(out.size() * 4)).ok());
    for (size_t t = 0; t < 16; ++t)
      CHECK(std::equal(&out[t * kWidth], &out[t * kWidth] + kWidth, &table[static_cast<size_t>(ids[t]) * kWidth]));
  };
  REQUIRE(submit().ok());
  CHECK(submit().code() == INFER_E_INVALID);  // that one is not over
  right();
  CHECK((*plan)->wait(0).status().code() == INFER_E_INVALID);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(submit().ok());
    (*plan)->cancel();
    CHECK((*plan)->wait(-1).status().code() == INFER_E_CANCELLED);
    REQUIRE(submit().ok());
    right();
  }
  REQUIRE(submit().ok());
  plan = Status::invalid("gone");  // with its run on the device
}

TEST_CASE("compiled kernels are kept; damaged or foreign files of them are not used") {
  const SmallModel model;
  const Folder folder;
  int64_t kept = -1;  // bytes that the driver was given
  const auto start = [&] {
    device::RegistryOptions options;
    options.builtin = kVulkan;
    options.settings = {{"vulkan.use", "all"}};
    options.shared = {{"pack.dir", folder / "kept"}};
    auto r = device::Registry::create(std::move(options), {});
    REQUIRE(r.ok());
    auto e = model.executor(**r);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    for (const auto& [name, value] : (*e)->counters())
      if (name == "vulkan.kernels.kept") kept = value;
    return run(**e, one_sequence(0, 3));
  };
  const std::vector<float> first = start();
  CHECK(kept == 0);
  std::vector<std::filesystem::path> files;
  for (const auto& f : std::filesystem::directory_iterator(folder / "kept")) files.push_back(f.path());
  REQUIRE(files.size() == 1);
  REQUIRE(std::filesystem::file_size(files[0]) > 60);
  CHECK(start() == first);
  CHECK(kept > 0);
  for (const auto at : {0, 25, 60}) {  // magic, vendor, the driver's own bytes
    std::fstream file(files[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put('\x5a');
    file.close();
    CHECK(start() == first);
    CHECK(kept == 0);
    CHECK(start() == first);  // written anew
    CHECK(kept > 0);
  }
  std::filesystem::resize_file(files[0], 20);
  CHECK(start() == first);
  CHECK(kept == 0);
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
    for (const auto& d : (*gpus)->devices()) CHECK(d->info().kind != INFER_DEV_EMULATED);
  options.settings = {{"vulkan.use", "none"}};
  CHECK(device::Registry::create(options, {}).status().code() == INFER_E_INVALID);
}

TEST_CASE("attention in tiles: a row's answer depends neither on the rows of its step nor on other sequences") {
  constexpr int32_t kLong = 150, kFirst = 101;  // positions: several chunks of 64, and tiles that begin anywhere
  const SmallModel model(INFER_TYPE_F16);
  auto r = vulkan_runtime();
  REQUIRE(r.ok());
  const Executor::Limits limits{.tokens = 200, .seqs = 2, .rows = 200, .table_cols = 40, .pages = 90};
  auto e = model.executor(**r, limits);
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  bool tiles = false;
  for (const auto& node : (*e)->placement()) tiles = tiles || node.kernel == "attention_tile.f16";
  REQUIRE(tiles);
  const std::vector<float> alone = run(**e, one_sequence(0, kLong));
  const auto plain = runtime(false);
  auto want = model.executor(*plain, limits);
  REQUIRE(want.ok());
  CHECK(distance(run(**want, one_sequence(0, kLong)), alone) < 1e-9);

  std::vector<float> parts = run(**e, one_sequence(0, kFirst, 40));
  const std::vector<float> rest = run(**e, one_sequence(kFirst, kLong - kFirst, 40));
  parts.insert(parts.end(), rest.begin(), rest.end());
  CHECK(parts == alone);

  // Behind a sequence of 37 rows, which ends in the middle of a tile.
  constexpr int32_t kOther = 37;
  Step both = one_sequence(0, kOther, 45);
  const Step last = one_sequence(0, kLong);
  for (int32_t i = 0; i < kLong; ++i) {
    both.tokens.push_back(last.tokens[static_cast<size_t>(i)]);
    both.positions.push_back(i);
    both.rows.push_back(kOther + i);
  }
  both.q_start = {0, kOther, kOther + kLong};
  both.kv_len = {kOther, kLong};
  std::vector<int32_t> table(static_cast<size_t>(2 * last.table_cols), 0);
  std::copy(both.block_table.begin(), both.block_table.end(), table.begin());
  std::copy(last.block_table.begin(), last.block_table.end(), table.begin() + last.table_cols);
  both.table_cols = last.table_cols;
  both.block_table = table;
  const std::vector<float> company = run(**e, both);
  CHECK(std::vector<float>(company.begin() + kOther * kVocab, company.end()) == alone);
}
