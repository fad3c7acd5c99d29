// Nodes into dispatches, for backends whose kernels run on a GPU: which kernel, on what, in how many workgroups. One
// function per operator says it once, for the compiling of kernels, the recording of commands and the filling of
// records before each run alike. How products and attention are split differs from backend to backend: a Lowering of
// its own.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "backends/common/frame.h"
#include "backends/common/record.h"
#include "backends/common/rounding.h"

namespace infer::backend {

// A kernel: one of the backend's table, with the invocations of its workgroup and three constants that mean what the
// backend says.
struct Kernel {
  uint32_t shader = 0;
  std::array<uint32_t, 4> constants{};
  auto operator<=>(const Kernel&) const = default;
};

constexpr int64_t kFewRows = 8;  // columns of a matrix-vector product, at most
constexpr int64_t kNarrow = 32;  // columns of a matrix-matrix product in narrow tiles, at most

class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual void dispatch(const Kernel& kernel, const Record& record, int64_t groups) = 0;
};

// What nodes need beside their tensors. A backend may need more: a struct of its own behind this one.
struct Surroundings {
  uint64_t tables = 0, scratch = 0;  // addresses
  std::vector<uint64_t> turns;       // [nodes] address of what a ROPE turns its pairs by
  uint32_t shared_memory = 0;        // bytes that a workgroup may have
  uint32_t subgroup = 0;             // invocations of a subgroup, if they are always so many; else 0
  Policy policy;
  RoundedPlan rounded;
  uint64_t rounded_at = 0, counts = 0;  // addresses: of what `rounded` places, of the device's counters
};

class Lowering {
 public:
  virtual ~Lowering() = default;
  void lower(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const;
  // Is this a node that plan_new takes?
  Status supported(const infer_program& p, uint32_t op, uint32_t shared_memory) const;
  // Bytes that dispatches of this node leave to each other, with the frame at the symbols' maxima.
  int64_t scratch_bytes(const Frame& f, const Node& n) const;
  // Every kernel that runs of this program come to. Changes what the frame assumes.
  Result<std::vector<Kernel>> kernels_of(Frame& f, const Surroundings& s) const;
  // The kernel that makes the node's output, and for products those over one row and over the most, if they differ.
  // Leaves the frame at the symbols' maxima.
  std::string name_of(Frame& f, const Node& n, const Surroundings& s) const;
  // Is there a kernel for products of weights of this type with numbers of 8 bits?
  bool has_int8(uint32_t type) const { return shader(kMatvecInt8, type) != UINT32_MAX; }
  // Those of one node, in their order, under what the frame assumes.
  std::vector<Kernel> kernels_of(const Frame& f, const Node& n, const Surroundings& s) const;

 protected:
  // Kernels that exist once per type.
  enum Family {
    kMatvec,
    kMatmat,
    kMatvecInt8,
    kMatmatInt8,
    kEmbed,
    kAdaptDown,
    kAdaptUp,
    kAttention,
    kKvWrite,
    kFamilies
  };
  // Place in the table of kernel "matvec" for type "q4_1" (empty: of no type); UINT32_MAX: there is none.
  using Find = uint32_t (*)(std::string_view kernel, std::string_view variant);
  // backend: for messages. name: of what find() found. group: invocations of a workgroup, of most kernels.
  Lowering(std::string_view backend, Find find, std::string_view (*name)(uint32_t shader), uint32_t group);

  virtual void matmul(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const = 0;
  virtual void matmul_experts(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const = 0;
  virtual void attention(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const = 0;
  virtual void route(const Frame& f, const Node& n, Emitter& out) const;
  virtual void kv_write(const Frame& f, const Node& n, Emitter& out) const;
  // Positions that a dispatch over few rows takes at a time, where attention is split.
  virtual int64_t part() const = 0;
  // Does attention over such heads fit into a workgroup?
  virtual bool fits(int64_t head_dim, uint32_t shared_memory) const = 0;
  // A kernel whose invocations each make one value, with two constants of its own.
  virtual Kernel of_values(uint32_t shader, uint32_t a, uint32_t b) const = 0;
  // One whose workgroups each add up a run of values.
  virtual Kernel of_runs(uint32_t shader) const = 0;

  uint32_t shader(Family family, uint32_t type) const { return type < kTypes ? shaders_[family][type] : UINT32_MAX; }
  enum Single {
    kElementwise,
    kNorm,
    kRope,
    kGather,
    kRoute,
    kExpertSum,
    kAttentionSum,
    kNormInt8,
    kRoundInt8,
    kRoundF16,
    kSingles
  };
  uint32_t shader(Single kernel) const { return singles_[kernel]; }
  void each(Emitter& out, uint32_t shader, Record r, int64_t values, uint32_t a = 0, uint32_t b = 0) const;
  // Addresses of a product's x as its kernel takes it: rounded, by this node or by an earlier one with the same x.
  struct Given {
    uint64_t values = 0, scales = 0;
  };
  Given rounded(const Frame& f, const Node& n, const Surroundings& s, Arithmetic how, Emitter& out) const;
  int64_t parts_of(int64_t rows, int64_t positions) const;
  uint32_t group() const { return group_; }

 private:
  enum What : uint32_t { kAdd, kMul, kScale, kAct, kGlu, kCopy };
  static constexpr uint32_t kTypes = 64;  // type numbers are below
  void adapt(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const;
  void elementwise(const Frame& f, const Node& n, What what, Emitter& out) const;
  void rms_norm(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const;
  void rope(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const;
  void embed(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const;
  void gather(const Frame& f, const Node& n, Emitter& out) const;
  void expert_sum(const Frame& f, const Node& n, Emitter& out) const;

  std::string_view backend_;
  std::string_view (*name_)(uint32_t shader);
  uint32_t group_;
  std::array<std::array<uint32_t, kTypes>, kFamilies> shaders_;
  std::array<uint32_t, kSingles> singles_;
};

// What lowerings say alike.
inline uint32_t narrow(int64_t v) { return static_cast<uint32_t>(v); }
inline uint64_t address_of(const Tensor* t) { return t ? t->address : 0; }
uint32_t row_bytes(const Tensor& w);
// Bits of n[6] of products and EMBED: rows of x, or of a plain w, begin at multiples of 16 bytes and are parts of eight
// values.
constexpr uint32_t kWholeX = 1, kWholeW = 2;
uint32_t whole_rows(const Tensor* x, const Tensor& w);

}  // namespace infer::backend
