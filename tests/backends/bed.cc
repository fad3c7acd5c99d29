#include "tests/backends/bed.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/library.h"
#include "device/builtin.h"
#include "graph/signature.h"

namespace infer::conformance {
namespace {

constexpr int64_t kGuard = 64;  // bytes on either side
constexpr std::byte kGuardByte{0xA5};
constexpr std::byte kOutputByte{0xFF};  // an element nobody wrote reads as NaN or -1

std::string last_told;
infer_status record(void*, infer_status code, const char* text, int64_t n) {
  last_told.assign(text, static_cast<size_t>(n));
  return code;
}
void ignore(void*, int32_t, const char*, int64_t) {}
const infer_host kHost = {
    {sizeof(infer_host), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR}, nullptr, record, ignore, nullptr};

// Exactly n bytes at an address that suits every type.
struct Exact {
  explicit Exact(const Bytes& b) : size(b.size()), data(static_cast<std::byte*>(std::malloc(size ? size : 1))) {
    std::memcpy(data, b.data(), size);
  }
  ~Exact() { std::free(data); }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  size_t size;
  std::byte* data;  // malloc aligns to 16
};

int32_t use_of(const Case& c, uint32_t tensor) {
  if (std::find(c.streamed.begin(), c.streamed.end(), tensor) != c.streamed.end()) return INFER_USE_WEIGHT;
  return c.tensors[tensor].role == INFER_ROLE_STATE ? INFER_USE_STATE : INFER_USE_EXCHANGE;
}

// A run-time tensor between guards.
struct Guarded {
  infer_buf* buf = nullptr;
  int64_t bytes = 0;
};

// Everything a case holds on the device; released in the right order.
class Rig {
 public:
  Rig(const infer_backend& api, infer_dev* dev, const Case& c) : api_(api), dev_(dev), case_(c), program_(c) {}
  ~Rig() {
    if (plan_) api_.plan_free(plan_);
    for (auto& [t, g] : bound_) api_.buffer_free(g.buf);
    for (infer_buf* b : weight_bufs_) api_.buffer_free(b);
  }
  Outcome run() {
    Outcome o;
    for (uint32_t n = 0; n < program_.c.n_ops; ++n) o.supported &= api_.supports(dev_, &program_.c, n) == 1;
    o.status = compile();
    for (size_t r = 0; r < case_.runs.size() && o.status == INFER_OK; ++r) {
      o.outputs.emplace_back();
      o.status = run_one(r, o.outputs.back(), o.damage, o.seconds);
    }
    if (o.status != INFER_OK) o.message = last_told;
    if (plan_ && INFER_HAS(&api_, plan_kernel)) {
      const char* name = api_.plan_kernel(plan_, program_.c.n_ops - 1);
      o.kernel = name ? name : "";
    }
    for (const auto& [t, exact] : exact_)
      if (std::memcmp(exact->data, case_.weights.at(t).data(), exact->size) != 0) o.damage = "a weight was written";
    return o;
  }

 private:
  infer_status compile() {
    std::vector<infer_binding> weights;
    for (const auto& [t, data] : case_.weights) {
      exact_[t] = std::make_unique<Exact>(data);
      infer_buf* buf = nullptr;
      const auto n = static_cast<int64_t>(data.size());
      infer_status s =
          INFER_HAS(&api_, buffer_import) ? api_.buffer_import(dev_, exact_[t]->data, n, 1, &buf) : INFER_E_UNSUPPORTED;
      if (s == INFER_E_UNSUPPORTED) {
        s = api_.buffer_new(dev_, n, INFER_USE_WEIGHT, &buf);
        if (s == INFER_OK) s = api_.buffer_write(buf, 0, data.data(), n);
      }
      if (s != INFER_OK) return s;
      weight_bufs_.push_back(buf);
      weights.push_back({t, 0, buf, 0, n});
    }
    uint32_t bad = 0;
    int64_t bytes = 0;
    return api_.plan_new(dev_, &program_.c, weights.data(), static_cast<uint32_t>(weights.size()), &bad, &bytes,
                         &plan_);
  }

  // A guarded buffer of `bytes`, filled with `content` or with `fill`. States keep theirs from run to run; streamed
  // weights are written to the same buffer in each odd run, and to a new one in each even run.
  infer_status bind(size_t run, uint32_t t, int64_t bytes, const Bytes* content, std::byte fill) {
    Guarded& g = bound_[t];
    if (g.buf && case_.tensors[t].role == INFER_ROLE_STATE) return INFER_OK;
    const int32_t use = use_of(case_, t);
    const bool again = g.buf && use == INFER_USE_WEIGHT && run % 2 == 1 && g.bytes == bytes;
    if (!again) {
      if (g.buf) api_.buffer_free(g.buf);
      g = {nullptr, bytes};
      if (const infer_status s = api_.buffer_new(dev_, bytes + 2 * kGuard, use, &g.buf); s != INFER_OK) return s;
    }
    Bytes all(static_cast<size_t>(bytes + 2 * kGuard), kGuardByte);
    std::fill_n(all.begin() + kGuard, bytes, fill);
    if (content)
      std::memcpy(all.data() + kGuard, content->data(), std::min(content->size(), static_cast<size_t>(bytes)));
    return api_.buffer_write(g.buf, 0, all.data(), static_cast<int64_t>(all.size()));
  }

  // Whole pages inside each state, as the host does for a prefix that ends inside a page.
  infer_status copy_pages(const Run& run) {
    for (const auto& [t, g] : bound_) {
      if (case_.tensors[t].role != INFER_ROLE_STATE) continue;
      const int64_t pages = bytes_needed(case_.tensors[t], run.symbols) == g.bytes ? pages_of(t, run) : 0;
      for (const auto& [from, to] : run.copies) {
        if (from >= pages || to >= pages) return INFER_E_INVALID;
        Bytes page(static_cast<size_t>(g.bytes / pages));
        const auto n = static_cast<int64_t>(page.size());
        infer_status s = api_.buffer_read(g.buf, kGuard + from * n, page.data(), n);
        if (s == INFER_OK) s = api_.buffer_write(g.buf, kGuard + to * n, page.data(), n);
        if (s != INFER_OK) return s;
      }
    }
    return INFER_OK;
  }
  int64_t pages_of(uint32_t state, const Run& run) const {
    const int64_t pages = case_.tensors[state].dim[0];
    return pages < 0 ? run.symbols[static_cast<size_t>(-1 - pages)] : pages;
  }

  static bool content_changed(const Run& run, uint32_t t, const Bytes& now) {
    const auto given = run.inputs.find(t);
    return given != run.inputs.end() &&
           !std::equal(now.begin(), now.begin() + static_cast<int64_t>(std::min(now.size(), given->second.size())),
                       given->second.begin());
  }

  infer_status run_one(size_t r, std::map<uint32_t, Bytes>& outputs, std::string& damage, double& seconds) {
    const Run& run = case_.runs[r];
    std::vector<infer_binding> binds;
    for (uint32_t t = 0; t < case_.tensors.size(); ++t) {
      const infer_tensor& tensor = case_.tensors[t];
      if (tensor.role == INFER_ROLE_WEIGHT || tensor.role == INFER_ROLE_TEMP) continue;
      const auto content = run.inputs.find(t);
      const std::byte fill = tensor.role == INFER_ROLE_STATE ? std::byte{0} : kOutputByte;
      if (const infer_status s = bind(r, t, bytes_needed(tensor, run.symbols),
                                      content == run.inputs.end() ? nullptr : &content->second, fill);
          s != INFER_OK)
        return s;
      binds.push_back({t, 0, bound_[t].buf, kGuard, bound_[t].bytes});
    }
    if (const infer_status s = copy_pages(run); s != INFER_OK) return s;
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    if (const infer_status s =
            api_.plan_submit(plan_, run.symbols.data(), binds.data(), static_cast<uint32_t>(binds.size()));
        s != INFER_OK)
      return s;
    if (const infer_status s = api_.plan_wait(plan_, -1); s != INFER_OK) return s;
    seconds += std::chrono::duration<double>(Clock::now() - begin).count();
    for (const auto& [t, g] : bound_) {
      Bytes all(static_cast<size_t>(g.bytes + 2 * kGuard));
      if (const infer_status s = api_.buffer_read(g.buf, 0, all.data(), static_cast<int64_t>(all.size()));
          s != INFER_OK)
        return s;
      for (int64_t i = 0; i < kGuard; ++i)
        if (all[static_cast<size_t>(i)] != kGuardByte || all[all.size() - 1 - static_cast<size_t>(i)] != kGuardByte)
          damage = std::string("guard bytes around '") + case_.tensors[t].name + "' were written";
      Bytes inside(all.begin() + kGuard, all.end() - kGuard);
      if (case_.tensors[t].role == INFER_ROLE_OUTPUT)
        outputs[t] = std::move(inside);
      else if (case_.tensors[t].role == INFER_ROLE_INPUT && content_changed(run, t, inside))
        damage = std::string("input '") + case_.tensors[t].name + "' was written";
    }
    return INFER_OK;
  }

  const infer_backend& api_;
  infer_dev* dev_;
  const Case& case_;
  Program program_;
  infer_plan* plan_ = nullptr;
  std::map<uint32_t, std::unique_ptr<Exact>> exact_;
  std::vector<infer_buf*> weight_bufs_;
  std::map<uint32_t, Guarded> bound_;
};

}  // namespace

Case copy_of(const Case& original) {
  Case c = original;
  auto name = c.names.begin();  // the tensors still point at the original's
  for (infer_tensor& t : c.tensors) t.name = (name++)->c_str();
  return c;
}

Program::Program(const Case& k) {
  for (const Case::Node& n : k.nodes) {
    infer_op op{};
    op.kind = n.kind;
    op.n_in = static_cast<uint32_t>(n.in.size());
    op.n_out = static_cast<uint32_t>(n.out.size());
    op.n_i = static_cast<uint32_t>(n.i.size());
    op.n_f = static_cast<uint32_t>(n.f.size());
    op.in = n.in.data();
    op.out = n.out.data();
    op.i = n.i.data();
    op.f = n.f.data();
    ops.push_back(op);
  }
  c.abi = {sizeof c, INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR};
  c.tensor_size = sizeof(infer_tensor);
  c.n_tensors = static_cast<uint32_t>(k.tensors.size());
  c.op_size = sizeof(infer_op);
  c.n_ops = static_cast<uint32_t>(ops.size());
  c.n_symbols = static_cast<uint32_t>(k.symbol_max.size());
  c.tensors = k.tensors.data();
  c.ops = ops.data();
  c.symbol_max = k.symbol_max.data();
}

int64_t bytes_needed(const infer_tensor& t, const std::vector<int64_t>& symbols) {
  int64_t bytes = 0;
  return graph::tensor_bytes(t, symbols.data(), static_cast<uint32_t>(symbols.size()), &bytes) ? bytes : 0;
}

std::vector<std::string> linked_backends() {
  std::vector<std::string> names;
  for (const auto& b : device::builtin_backends()) names.emplace_back(b.name);
  return names;
}

std::unique_ptr<Bed> Bed::open(const std::string& name, const Settings& settings, std::string& why) {
  infer_backend_v0_fn entry = nullptr;
  for (const auto& b : device::builtin_backends())
    if (name == b.name) entry = b.entry;
  if (!entry) {
    const auto library = Library::open(name);
    if (!library.ok()) return why = library.status().message(), nullptr;
    entry = reinterpret_cast<infer_backend_v0_fn>(library->symbol("infer_backend_v0"));
    if (!entry) return why = name + " exports no infer_backend_v0", nullptr;
  }
  std::unique_ptr<Bed> bed(new Bed);
  bed->api_ = entry(&kHost);
  if (!bed->api_) return why = name + " refuses: " + last_told, nullptr;
  std::vector<infer_setting> table;
  for (const auto& [key, value] : settings) table.push_back({key.c_str(), value.c_str()});
  if (bed->api_->device_open(0, table.data(), static_cast<int32_t>(table.size()), &bed->dev_) != INFER_OK)
    return why = name + ": " + last_told, nullptr;
  return bed;
}

Bed::~Bed() {
  if (dev_) api_->device_close(dev_);
}

std::string_view Bed::option(std::string_view key) const {
  for (int32_t i = 0; INFER_HAS(api_, option_at) && i < 1000; ++i) {
    const char* text = api_->option_at(i);
    if (!text) break;
    if (std::string_view(text).substr(0, std::string_view(text).find('|')) == key) return text;
  }
  return {};
}

Outcome Bed::run(const Case& c) {
  last_told.clear();
  return Rig(*api_, dev_, c).run();
}

infer_buf* Bed::buffer(int64_t bytes) {
  infer_buf* b = nullptr;
  return api_->buffer_new(dev_, bytes, INFER_USE_EXCHANGE, &b) == INFER_OK ? b : nullptr;
}

std::map<std::string, int64_t> Bed::counters() const {
  std::map<std::string, int64_t> all;
  const char* name = nullptr;
  int64_t value = 0;
  for (int32_t i = 0; INFER_HAS(api_, counter_at) && i < 10000 && api_->counter_at(dev_, i, &name, &value) == 1; ++i)
    all[name] = value;
  return all;
}

std::string Bed::told() { return last_told; }

}  // namespace infer::conformance
