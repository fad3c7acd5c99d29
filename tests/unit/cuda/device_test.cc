// A small decoder on the emulated device against reference, and what may happen to the device.
#include <cmath>

#include "backends/cuda/plan.h"
#include "tests/cuda_emulated/emulation.h"
#include "tests/unit/device/fixture.h"

extern "C" const infer_backend* infer_backend_cuda_v0(const infer_host* host);

using namespace infer;
using namespace infer::test;
using device::Executor;

namespace {

constexpr device::Builtin kCuda[] = {{"cuda", infer_backend_cuda_v0}};
constexpr device::Builtin kWithReference[] = {{"cuda", infer_backend_cuda_v0}, kReference};

Result<std::unique_ptr<device::Registry>> cuda_runtime(Settings settings = {}) {
  device::RegistryOptions options;
  options.builtin = kCuda;
  options.settings = std::move(settings);
  options.settings.emplace_back("cuda.use", "all");
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

int64_t counter(const Executor& e, std::string_view name) {
  for (const auto& [n, value] : e.counters())
    if (n == name) return value;
  FAIL("no counter ", std::string(name));
  return 0;
}

}  // namespace

TEST_CASE("a decoder gives what reference gives: prompts, single tokens, several sequences") {
  for (const auto& [kv, graphs] :
       {std::pair{INFER_TYPE_F32, "true"}, {INFER_TYPE_F16, "true"}, {INFER_TYPE_F16, "false"}}) {
    const SmallModel model(kv);
    auto r = cuda_runtime({{"cuda.graphs", graphs}});
    REQUIRE_MESSAGE(r.ok(), r.status().message());
    const auto plain = runtime(false);
    auto e = model.executor(**r, all_rows()), want = model.executor(*plain, all_rows());
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    REQUIRE(want.ok());
    for (const auto& [first, n] : {std::pair{0, 12}, {12, 1}, {13, 2}, {15, 1}}) {
      const Step s = one_sequence(first, n);
      CHECK(distance(run(**want, s), run(**e, s)) < 1e-9);
    }
    for (const auto& p : (*e)->placement()) CHECK(p.device == "cuda");
    CHECK((counter(**e, "cuda.graphs") > 0) == (std::string_view(graphs) == "true"));
  }
}

TEST_CASE("a graph is made once for steps of the same kernels; of later ones only what differs is changed") {
  const SmallModel model;
  auto r = cuda_runtime();
  REQUIRE(r.ok());
  auto e = model.executor(**r);
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  run(**e, one_sequence(0, 1));
  const int64_t made = counter(**e, "cuda.graphs");
  CHECK(made == 1);
  for (int32_t i = 1; i < 4; ++i) run(**e, one_sequence(i, 1));  // of one page
  CHECK(counter(**e, "cuda.graphs") == made);
  CHECK(counter(**e, "cuda.graphs.changes") == 0);
  run(**e, one_sequence(4, 1));  // another column of the block table
  CHECK(counter(**e, "cuda.graphs") == made);
  CHECK(counter(**e, "cuda.graphs.changes") > 0);
  run(**e, one_sequence(5, 3));  // other kernels
  CHECK(counter(**e, "cuda.graphs") == made + 1);
}

TEST_CASE("pages are copied, read and written back") {
  const SmallModel model;
  auto r = cuda_runtime();
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

TEST_CASE("more than the two pieces of pinned memory hold goes to the device and back") {
  auto opened = cuda::Device::open((*cuda::Instance::get())->adapters().front(), {});
  REQUIRE_MESSAGE(opened.ok(), opened.status().message());
  constexpr int64_t kBytes = (13 << 20) + 5;
  auto b = cuda::Buffer::make(**opened, kBytes + 3, INFER_USE_WEIGHT);
  REQUIRE(b.ok());
  std::vector<uint32_t> words(kBytes / 4 + 1);
  for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<uint32_t>(i) * 2654435761u;
  REQUIRE((*b)->write(3, words.data(), kBytes).ok());
  std::vector<uint32_t> back(words.size());
  REQUIRE((*b)->read(3, back.data(), kBytes).ok());
  CHECK(std::memcmp(words.data(), back.data(), kBytes) == 0);
  uint8_t before[3] = {1, 1, 1};
  REQUIRE((*b)->read(0, before, 3).ok());
  CHECK(before[0] + before[1] + before[2] == 0);
  CHECK((*b)->write(kBytes, words.data(), 4).code() == INFER_E_INVALID);
}

TEST_CASE("a device that is lost in the middle says so from then on, and a new one works") {
  const SmallModel model;
  auto r = cuda_runtime({{"cuda.fault.lost", "7"}});
  REQUIRE(r.ok());
  auto e = model.executor(**r);
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  std::vector<float> logits(8 * kVocab);
  for (int32_t i = 0; i < 6; ++i) REQUIRE((*e)->run(one_sequence(i, 1), logits).ok());
  CHECK((*e)->run(one_sequence(6, 1), logits).code() == INFER_E_DEVICE_LOST);
  CHECK((*e)->run(one_sequence(0, 1), logits).code() == INFER_E_DEVICE_LOST);
  CHECK(model.executor(**r).status().code() == INFER_E_DEVICE_LOST);
  auto again = cuda_runtime();
  REQUIRE(again.ok());
  auto other = model.executor(**again);
  REQUIRE(other.ok());
  run(**other, one_sequence(0, 3));
}

TEST_CASE("a kernel that fails on the device loses it, found while the run is waited for") {
  const SmallModel model;
  for (const char* graphs : {"true", "false"}) {
    auto r = cuda_runtime({{"cuda.graphs", graphs}});
    REQUIRE(r.ok());
    auto e = model.executor(**r);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    std::vector<float> logits(8 * kVocab);
    REQUIRE((*e)->run(one_sequence(0, 1), logits).ok());
    cuda_emulated::lose_device(9);
    const Status s = (*e)->run(one_sequence(1, 1), logits);
    CHECK(s.code() == INFER_E_DEVICE_LOST);
    CHECK_MESSAGE(s.message().find("ILLEGAL_ADDRESS") != std::string_view::npos, s.message());
    CHECK((*e)->run(one_sequence(0, 1), logits).code() == INFER_E_DEVICE_LOST);
    cuda_emulated::reset();
  }
}

TEST_CASE("every allocation that fails is told, and leaves nothing behind") {
  const SmallModel model;
  const int64_t before = cuda_emulated::blocks_of_memory();
  int failures = 0;
  for (int64_t n = 1; n < 200; ++n) {
    cuda_emulated::fail_allocation(n);
    auto r = cuda_runtime();
    Status s = r.status();
    if (r.ok()) {
      auto e = model.executor(**r);
      s = e.status();
      if (e.ok()) run(**e, one_sequence(0, 3));
    }
    cuda_emulated::fail_allocation(0);
    if (r.ok()) r = Status::invalid("gone");
    CHECK(cuda_emulated::blocks_of_memory() == before);
    if (s.ok()) break;
    ++failures;
    // A device that does not open is none, and the sentence of why goes with it.
    CHECK_MESSAGE((s.code() == INFER_E_NO_MEMORY || s.message().find("no memory") != std::string_view::npos),
                  s.message());
  }
  CHECK(failures > 10);
  CHECK(failures < 199);
}

TEST_CASE("more memory than the device has is refused, and then it works on") {
  auto opened = cuda::Device::open((*cuda::Instance::get())->adapters().front(), {});
  REQUIRE(opened.ok());
  CHECK(cuda::Buffer::make(**opened, int64_t{2} << 30, INFER_USE_WEIGHT).status().code() == INFER_E_NO_MEMORY);
  CHECK(cuda::Buffer::make(**opened, int64_t{1} << 50, INFER_USE_WEIGHT).status().code() == INFER_E_NO_MEMORY);
  CHECK(cuda::Buffer::make(**opened, 1000, INFER_USE_STATE).ok());
}

TEST_CASE(
    "a long run goes to the device in pieces; cancelled after the first ones it ends, and the next run is right") {
  graph::Builder b;
  std::vector<float> matrix(kWidth * kWidth, 0.0f), table(kVocab * kWidth);
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

  auto device = cuda::Device::open((*cuda::Instance::get())->adapters().front(), {});
  REQUIRE_MESSAGE(device.ok(), device.status().message());
  std::vector<std::unique_ptr<cuda::Buffer>> buffers;
  const auto hold = [&](const void* data, size_t n, int32_t use) {
    auto buffer = cuda::Buffer::make(**device, static_cast<int64_t>(n), use);
    REQUIRE(buffer.ok());
    if (data) REQUIRE((*buffer)->write(0, data, static_cast<int64_t>(n)).ok());
    buffers.push_back(buffer.take());
    return cuda::as_buf(buffers.back().get());
  };
  std::vector<infer_binding> bound;
  for (const auto& one : weights)
    bound.push_back({one.tensor, 0, hold(one.data.data(), one.data.size(), INFER_USE_WEIGHT), 0,
                     static_cast<int64_t>(one.data.size())});
  auto plan = cuda::Plan::make(**device, *view.c(), bound.data(), static_cast<uint32_t>(bound.size()), nullptr);
  REQUIRE_MESSAGE(plan.ok(), plan.status().message());

  std::vector<int32_t> ids(16), all(16);
  for (int32_t i = 0; i < 16; ++i) {
    ids[static_cast<size_t>(i)] = i * 3 % static_cast<int32_t>(kVocab);
    all[static_cast<size_t>(i)] = i;
  }
  std::vector<float> out(16 * kWidth);
  std::vector<infer_binding> binds;
  cuda::Buffer* result = nullptr;
  for (graph::TensorId t = 0; t < program.tensors().size(); ++t) {
    const uint32_t role = program.tensor(t).role;
    if (role != INFER_ROLE_INPUT && role != INFER_ROLE_OUTPUT) continue;
    const bool input = role == INFER_ROLE_INPUT;
    const size_t n = input ? ids.size() * 4 : out.size() * 4;
    const void* data = !input ? nullptr : t == rows ? all.data() : ids.data();
    binds.push_back({t, 0, hold(data, n, INFER_USE_EXCHANGE), 0, static_cast<int64_t>(n)});
    if (!input) result = cuda::buffer(binds.back().buf);
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
    // Two pieces of five are on the device, which does nothing before it is asked.
    CHECK(cuda_emulated::kernels_waiting() > 0);
    CHECK(cuda_emulated::kernels_waiting() < 100);
    const auto pending = (*plan)->wait(0);
    REQUIRE(pending.ok());
    CHECK(!*pending);
    (*plan)->cancel();
    CHECK((*plan)->wait(-1).status().code() == INFER_E_CANCELLED);
    CHECK(cuda_emulated::kernels_waiting() == 0);
    REQUIRE(submit().ok());
    right();
  }
  REQUIRE(submit().ok());
  plan = Status::invalid("gone");  // with its run on the device
  CHECK(cuda_emulated::kernels_waiting() == 0);
}

TEST_CASE("devices are used when they are named, and not before") {
  device::RegistryOptions options;
  options.builtin = kCuda;
  auto r = device::Registry::create(options, {});
  REQUIRE(!r.ok());
  CHECK(r.status().message().find("no driver was loaded") != std::string_view::npos);
  options.builtin = kWithReference;
  auto late = device::Registry::create(options, {});
  REQUIRE(late.ok());
  CHECK((*late)->devices().size() == 1);
  REQUIRE((*late)->want("cuda").ok());
  REQUIRE((*late)->devices().size() == 2);
  options.builtin = kCuda;
  options.settings = {{"cuda.use", "gpus"}};  // there is none
  CHECK(!device::Registry::create(options, {}).ok());
  options.settings = {{"cuda.use", "none"}};
  CHECK(device::Registry::create(options, {}).status().code() == INFER_E_INVALID);
  options.settings = {{"cuda.use", "all"}};
  auto all = device::Registry::create(options, {});
  REQUIRE(all.ok());
  CHECK((*all)->devices()[0]->info().kind == INFER_DEV_EMULATED);
}

TEST_CASE("weights of blocks that begin where no word does are refused by a sentence") {
  graph::Builder b;
  const std::vector<std::byte> bytes(1000);
  const graph::TensorId w = b.weight("crooked", 12, {4, 256});  // q4_k
  auto made =
      b.finish(b.gather(b.matmul(b.embed(b.weight("table", INFER_TYPE_F32, {4, 256}), b.tokens()), w), b.rows()));
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  const graph::Program program = made.take();
  const graph::Symbols most = {1, 1, 2, 1, 1, 1};
  const graph::View view(program, most);
  auto device = cuda::Device::open((*cuda::Instance::get())->adapters().front(), {});
  REQUIRE(device.ok());
  auto memory = cuda::Buffer::make(**device, 1 << 14, INFER_USE_WEIGHT);
  REQUIRE(memory.ok());
  std::vector<infer_binding> bound;
  for (graph::TensorId t = 0; t < program.tensors().size(); ++t)
    if (program.tensor(t).role == INFER_ROLE_WEIGHT)
      bound.push_back({t, 0, cuda::as_buf(memory->get()), t == w ? 8 : 4096, 4096});
  const auto plan = cuda::Plan::make(**device, *view.c(), bound.data(), static_cast<uint32_t>(bound.size()), nullptr);
  CHECK(plan.status().code() == INFER_E_INVALID);
  CHECK_MESSAGE(plan.status().message().find("'crooked' does not begin at a multiple of 16") != std::string_view::npos,
                plan.status().message());
}
