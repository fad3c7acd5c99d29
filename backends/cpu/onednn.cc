#include "backends/cpu/onednn.h"

#include <libinfer/backend.h>
#include <oneapi/dnnl/dnnl.h>

#include <map>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/library.h"

namespace infer::cpu {
namespace {

// The functions of the opened library. Those of OpenMP are found through it, where it was built for OpenMP.
struct Functions {
  decltype(&dnnl_version) version;
  decltype(&dnnl_engine_create) engine_create;
  decltype(&dnnl_engine_destroy) engine_destroy;
  decltype(&dnnl_stream_create) stream_create;
  decltype(&dnnl_stream_destroy) stream_destroy;
  decltype(&dnnl_stream_wait) stream_wait;
  decltype(&dnnl_memory_desc_create_with_strides) desc_create;
  decltype(&dnnl_memory_desc_destroy) desc_destroy;
  decltype(&dnnl_memory_desc_get_size) desc_size;
  decltype(&dnnl_memory_create) memory_create;
  decltype(&dnnl_memory_destroy) memory_destroy;
  decltype(&dnnl_memory_set_data_handle) memory_set;
  decltype(&dnnl_primitive_attr_create) attr_create;
  decltype(&dnnl_primitive_attr_destroy) attr_destroy;
  decltype(&dnnl_primitive_attr_set_scratchpad_mode) attr_scratchpad;
  decltype(&dnnl_matmul_primitive_desc_create) matmul_create;
  decltype(&dnnl_primitive_desc_destroy) primitive_desc_destroy;
  decltype(&dnnl_primitive_desc_query) query;
  decltype(&dnnl_primitive_desc_query_md) query_desc;
  decltype(&dnnl_primitive_create) primitive_create;
  decltype(&dnnl_primitive_destroy) primitive_destroy;
  decltype(&dnnl_primitive_execute) execute;
  void (*omp_set_num_threads)(int);
  int (*omp_get_max_threads)();

  // Empty, or the name of one that is missing.
  const char* load(const Library& library) {
    const char* missing = nullptr;
    const auto get = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(library.symbol(name));
      if (!function && !missing) missing = name;
    };
    get(version, "dnnl_version");
    get(engine_create, "dnnl_engine_create");
    get(engine_destroy, "dnnl_engine_destroy");
    get(stream_create, "dnnl_stream_create");
    get(stream_destroy, "dnnl_stream_destroy");
    get(stream_wait, "dnnl_stream_wait");
    get(desc_create, "dnnl_memory_desc_create_with_strides");
    get(desc_destroy, "dnnl_memory_desc_destroy");
    get(desc_size, "dnnl_memory_desc_get_size");
    get(memory_create, "dnnl_memory_create");
    get(memory_destroy, "dnnl_memory_destroy");
    get(memory_set, "dnnl_memory_set_data_handle");
    get(attr_create, "dnnl_primitive_attr_create");
    get(attr_destroy, "dnnl_primitive_attr_destroy");
    get(attr_scratchpad, "dnnl_primitive_attr_set_scratchpad_mode");
    get(matmul_create, "dnnl_matmul_primitive_desc_create");
    get(primitive_desc_destroy, "dnnl_primitive_desc_destroy");
    get(query, "dnnl_primitive_desc_query");
    get(query_desc, "dnnl_primitive_desc_query_md");
    get(primitive_create, "dnnl_primitive_create");
    get(primitive_destroy, "dnnl_primitive_destroy");
    get(execute, "dnnl_primitive_execute");
    omp_set_num_threads = reinterpret_cast<void (*)(int)>(library.symbol("omp_set_num_threads"));
    omp_get_max_threads = reinterpret_cast<int (*)()>(library.symbol("omp_get_max_threads"));
    return missing;
  }
};

// While it lives, oneDNN has one thread when called from this one. The setting is the calling thread's own, which may
// be the host program's, so it gets its old value back.
class OneThread {
 public:
  explicit OneThread(const Functions& f) : f_(f) {
    if (!f_.omp_set_num_threads) return;
    before_ = f_.omp_get_max_threads();
    f_.omp_set_num_threads(1);
  }
  ~OneThread() {
    if (f_.omp_set_num_threads) f_.omp_set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;

 private:
  const Functions& f_;
  int before_ = 0;
};

// An object of oneDNN and the function that ends it.
template <class T>
class Owned {
 public:
  explicit Owned(dnnl_status_t (*destroy)(T)) : destroy_(destroy) {}
  ~Owned() {
    if (value_) destroy_(value_);
  }
  Owned(Owned&& o) noexcept : destroy_(o.destroy_), value_(std::exchange(o.value_, nullptr)) {}
  T get() const { return value_; }
  T* out() { return &value_; }

 private:
  dnnl_status_t (*destroy_)(T);
  T value_ = nullptr;
};

// What one thread gives to a call: descriptions are fixed, addresses are set each time.
struct Operands {
  explicit Operands(const Functions& f)
      : stream(f.stream_destroy),
        x(f.memory_destroy),
        w(f.memory_destroy),
        y(f.memory_destroy),
        pad(f.memory_destroy) {}
  Owned<dnnl_stream_t> stream;
  Owned<dnnl_memory_t> x, w, y, pad;
};

class Product final : public OnednnProduct {
 public:
  // Null where oneDNN has nothing better than its reference loops, or fails.
  static std::unique_ptr<Product> make(const Functions& f, dnnl_engine_t engine, dnnl_data_type_t type, int64_t n,
                                       int64_t k, int n_threads) {
    std::unique_ptr<Product> p(new Product(f, k));
    return p->prepare(engine, type, n, n_threads) ? std::move(p) : nullptr;
  }
  const char* kernel() const override { return kernel_.c_str(); }
  int64_t scratch_bytes() const override { return scratch_; }

  int64_t run(const MatmulArgs& a, int thread) override {
    const OneThread one(f_);
    Operands& o = operands_[static_cast<size_t>(thread)];
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, o.x.get()},
                                    {DNNL_ARG_WEIGHTS, o.w.get()},
                                    {DNNL_ARG_DST, o.y.get()},
                                    {DNNL_ARG_SCRATCHPAD, o.pad.get()}};
    const auto good = [](dnnl_status_t s) { return s == dnnl_success; };
    if (!good(f_.memory_set(o.w.get(), const_cast<uint8_t*>(a.w + a.n0 * a.row_bytes))) ||
        !good(f_.memory_set(o.pad.get(), a.scratch)))
      return 0;
    int64_t m = 0;
    for (; m + kRows <= a.m; m += kRows)
      if (!good(f_.memory_set(o.x.get(), const_cast<uint8_t*>(a.x + m * a.x_stride))) ||
          !good(f_.memory_set(o.y.get(), a.y + m * a.y_stride + a.n0)) ||
          !good(f_.execute(primitive_.get(), o.stream.get(), 4, args)) || !good(f_.stream_wait(o.stream.get())))
        break;
    return m;
  }

 private:
  Product(const Functions& f, int64_t k) : f_(f), k_(k), primitive_(f.primitive_destroy) {}

  bool prepare(dnnl_engine_t engine, dnnl_data_type_t type, int64_t n, int n_threads) {
    const auto good = [](dnnl_status_t s) { return s == dnnl_success; };
    Owned<dnnl_memory_desc_t> x(f_.desc_destroy), w(f_.desc_destroy), y(f_.desc_destroy);
    Owned<dnnl_primitive_attr_t> attributes(f_.attr_destroy);
    Owned<dnnl_primitive_desc_t> description(f_.primitive_desc_destroy);
    // Weights lie [n, k] and are read as they lie: no copy of them is made.
    const dnnl_dims_t x_dims = {kRows, k_}, w_dims = {k_, kColumns}, y_dims = {kRows, kColumns}, x_strides = {k_, 1},
                      w_strides = {1, k_}, y_strides = {n, 1};
    if (!good(f_.desc_create(x.out(), 2, x_dims, dnnl_f32, x_strides)) ||
        !good(f_.desc_create(w.out(), 2, w_dims, type, w_strides)) ||
        !good(f_.desc_create(y.out(), 2, y_dims, dnnl_f32, y_strides)) || !good(f_.attr_create(attributes.out())) ||
        !good(f_.attr_scratchpad(attributes.get(), dnnl_scratchpad_mode_user)) ||
        !good(f_.matmul_create(description.out(), engine, x.get(), w.get(), nullptr, y.get(), attributes.get())))
      return false;
    const char* name = nullptr;
    if (!good(f_.query(description.get(), dnnl_query_impl_info_str, 0, &name)) || !name) return false;
    if (std::string_view(name).find("ref") != std::string_view::npos) return false;  // minutes where ours takes seconds
    if (!good(f_.primitive_create(primitive_.out(), description.get()))) return false;
    const const_dnnl_memory_desc_t pad = f_.query_desc(description.get(), dnnl_query_scratchpad_md, 0);
    if (!pad) return false;
    scratch_ = static_cast<int64_t>(f_.desc_size(pad)) + 64;
    for (int t = 0; t < n_threads; t++) {
      Operands& o = operands_.emplace_back(f_);
      if (!good(f_.stream_create(o.stream.out(), engine, dnnl_stream_default_flags)) ||
          !good(f_.memory_create(o.x.out(), x.get(), engine, DNNL_MEMORY_NONE)) ||
          !good(f_.memory_create(o.w.out(), w.get(), engine, DNNL_MEMORY_NONE)) ||
          !good(f_.memory_create(o.y.out(), y.get(), engine, DNNL_MEMORY_NONE)) ||
          !good(f_.memory_create(o.pad.out(), pad, engine, DNNL_MEMORY_NONE)))
        return false;
    }
    kernel_ = name;
    return true;
  }

  const Functions& f_;
  const int64_t k_;
  std::string kernel_;
  int64_t scratch_ = 0;
  Owned<dnnl_primitive_t> primitive_;
  std::vector<Operands> operands_;  // [n_threads]
};

class Opened final : public Onednn {
 public:
  Opened(const Functions& f, int n_threads) : f_(f), n_threads_(n_threads), engine_(f.engine_destroy) {}
  bool start() { return f_.engine_create(engine_.out(), dnnl_cpu, 0) == dnnl_success; }

  OnednnProduct* product(uint32_t type, int64_t n, int64_t k) override {
    if (type != INFER_TYPE_F32 && type != INFER_TYPE_F16 && type != INFER_TYPE_BF16) return nullptr;
    if (n < OnednnProduct::kColumns) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = products_.try_emplace({type, n, k});
    if (is_new) {
      const OneThread one(f_);
      const auto data = type == INFER_TYPE_F32 ? dnnl_f32 : type == INFER_TYPE_F16 ? dnnl_f16 : dnnl_bf16;
      at->second = Product::make(f_, engine_.get(), data, n, k, n_threads_);
    }
    return at->second.get();
  }

 private:
  const Functions f_;
  const int n_threads_;
  Owned<dnnl_engine_t> engine_;
  std::mutex mutex_;
  std::map<std::tuple<uint32_t, int64_t, int64_t>, std::unique_ptr<Product>> products_;  // null: none can be had
};

}  // namespace

Result<std::unique_ptr<Onednn>> Onednn::open(const std::string& path, int n_threads) {
  const auto refuse = [&](std::string_view why) {
    return Status::invalid(str("cpu.onednn: '", path, "' ", why),
                           "name libdnnl.so.3 of oneDNN 3, built for OpenMP (gomp) or sequential, or off");
  };
  auto library = Library::open(path);
  if (!library.ok()) return refuse(str("cannot be opened: ", library.status().message()));
  Functions f{};
  if (const char* missing = f.load(*library)) return refuse(str("has no function ", missing));
  const dnnl_version_t* version = f.version();
  if (version->major != DNNL_VERSION_MAJOR)
    return refuse(str("is oneDNN ", version->major, ".", version->minor, ", not ", DNNL_VERSION_MAJOR));
  const bool openmp = version->cpu_runtime == DNNL_RUNTIME_OMP;
  if (!openmp && version->cpu_runtime != DNNL_RUNTIME_SEQ)
    return refuse("has threads of its own, which cannot be held");
  if (openmp && (!f.omp_set_num_threads || !f.omp_get_max_threads))
    return refuse("uses an OpenMP that cannot be reached");
  auto opened = std::make_unique<Opened>(f, n_threads);
  if (!opened->start()) return refuse("has no engine for this processor");
  return std::unique_ptr<Onednn>(std::move(opened));
}

}  // namespace infer::cpu
