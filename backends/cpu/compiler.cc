// Program -> steps. Walks the nodes once; joins the patterns that plan.h names; then lays out the memory.
#include <algorithm>

#include "backends/common/check.h"
#include "backends/cpu/plan.h"
#include "base/checked.h"
#include "quant/types.h"

namespace infer::cpu {
namespace {

constexpr int64_t kMostAttribute = 1 << 16;  // head sizes, pages, heads: what the attention kernels count with

bool joinable(const Node& a, const Node& b) {
  return a.kind == INFER_OP_MATMUL && b.kind == INFER_OP_MATMUL && a.in[0] == b.in[0];
}

const char* type_name(uint32_t type) {
  const quant::TypeInfo* info = quant::find_type(type);
  return info ? info->name : "?";
}

}  // namespace

Status Device::supported(const infer_program& p, uint32_t op) const {
  const infer_op& node = backend::op_at(p, op);
  const auto weight = [&](size_t input) -> Status {
    const infer_tensor& w = backend::tensor_at(p, node.in[input]);
    if (matmul_path(kernels_, w.type).kernel.run) return {};
    return Status::unsupported(str("cpu has no kernel that multiplies weights of type ", type_name(w.type)));
  };
  switch (node.kind) {
    case INFER_OP_MATMUL:
    case INFER_OP_MATMUL_EXPERTS:
      return weight(1);
    case INFER_OP_ALL_REDUCE:
    case INFER_OP_ALL_GATHER:
      if (node.i[0] == 1) return {};
      return Status::unsupported(str("cpu runs on one rank, not ", node.i[0]));
    case INFER_OP_KV_WRITE:
    case INFER_OP_ATTENTION:
      for (uint32_t i = 0; i < (node.kind == INFER_OP_KV_WRITE ? 4u : 5u); i++)
        if (node.i[i] > kMostAttribute)
          return Status::unsupported(
              str("attribute ", i, " of attention is ", node.i[i], "; cpu takes up to ", kMostAttribute));
      return {};
    default:
      return {};
  }
}

class Compiler {
 public:
  Compiler(Device& device, Plan& plan, std::vector<const PackSlot*> packed)
      : device_(device), k_(device.kernels()), plan_(plan), frame_(plan.frame_), packed_(std::move(packed)) {}
  Status compile();

 private:
  struct Live {  // a Records, while steps are made
    uint32_t tensor;
    Records* records;
    size_t first, last;  // steps that write and read it
  };
  const std::vector<Node>& nodes() const { return frame_.nodes(); }
  void add(OpPtr op, bool last = true) { plan_.steps_.push_back({std::move(op), last}); }
  size_t now() const { return plan_.steps_.size(); }  // number of the next step

  void find_quantized();
  Status node(size_t i, size_t* next);
  Status matmul(size_t i, size_t* next);
  Status experts(const Node& n);
  Status attention(const Node& n);
  Status rope(const Node& n);
  void adapt(size_t i, size_t* next);
  MatmulPlan matmul_plan(const Node& n);
  Records* made(uint32_t tensor);  // the step now being made writes the tensor: records to fill as well, or null
  Records* read(uint32_t tensor);  // the next step reads the tensor's records: makes them when nobody has
  Records* live(uint32_t tensor);
  Status lay_out();

  Device& device_;
  const Kernels& k_;
  Plan& plan_;
  const Frame& frame_;
  std::vector<bool> quantized_;  // [n_tensors] some quantised matmul reads it
  std::vector<int> uses_;        // [n_tensors] nodes that read it
  std::vector<Live> live_;
  std::vector<std::shared_ptr<Turns>> turns_;
  std::vector<std::shared_ptr<Adapted>> adapted_;
  std::shared_ptr<AttentionPlan> attention_plan_;
  const PackSlot* packed(uint32_t tensor) const { return tensor < packed_.size() ? packed_[tensor] : nullptr; }
  std::vector<const PackSlot*> packed_;  // [up to n_tensors] null: never packed
  int64_t parts_ = 0;                    // floats of attention parts
  int64_t owned_ = 0;                    // bytes that ops hold themselves
};

Status Compiler::compile() {
  find_quantized();
  plan_.kernels_.resize(nodes().size());
  // Attention nodes share their parts; their number must be known before the first is made.
  for (const Node& n : nodes()) {
    if (n.kind == INFER_OP_ATTENTION) parts_ = std::max(parts_, attention_parts(frame_, n));
    const bool product = n.kind == INFER_OP_MATMUL || n.kind == INFER_OP_MATMUL_EXPERTS;
    if (product && plan_.rows_of_ == INFER_NONE) plan_.rows_of_ = n.in[0];
  }
  if (device_.profiles()) plan_.profile_ = std::make_unique<Profile>(device_, frame_);
  for (size_t i = 0; i < nodes().size();) {
    const size_t first = i;
    TRY(node(first, &i));
    if (plan_.profile_) plan_.profile_->add(now(), first, i);
  }
  return lay_out();
}

void Compiler::find_quantized() {
  uint32_t n_tensors = 0;
  for (const Node& n : nodes()) {
    for (uint32_t t : n.in)
      if (t != INFER_NONE) n_tensors = std::max(n_tensors, t + 1);
    for (uint32_t t : n.out) n_tensors = std::max(n_tensors, t + 1);
  }
  quantized_.assign(n_tensors, false);
  uses_.assign(n_tensors, 0);
  for (const Node& n : nodes()) {
    for (uint32_t t : n.in)
      if (t != INFER_NONE) uses_[t]++;
    if ((n.kind == INFER_OP_MATMUL || n.kind == INFER_OP_MATMUL_EXPERTS) &&
        matmul_path(k_, frame_[n.in[1]].type).quantized)
      quantized_[n.in[0]] = true;
  }
}

Records* Compiler::live(uint32_t tensor) {
  for (Live& l : live_)
    if (l.tensor == tensor) {
      l.last = std::max(l.last, now());
      return l.records;
    }
  return nullptr;
}

Records* Compiler::made(uint32_t tensor) {
  if (!quantized_[tensor]) return nullptr;
  const Tensor& t = frame_[tensor];
  Records& r = plan_.records_.emplace_back();
  r.layout = record_layout(t.columns(), device_.terms());
  r.rows = 1;
  for (uint32_t d = 0; d + 1 < t.rank; d++) r.rows *= frame_.max_dim(tensor, d);
  live_.push_back({tensor, &r, now(), now()});
  return &r;
}

Records* Compiler::read(uint32_t tensor) {
  if (Records* r = live(tensor)) return r;
  Records* r = made(tensor);
  add(make_quantize(tensor, r));
  return live(tensor);
}

Status Compiler::node(size_t i, size_t* next) {
  const Node& n = nodes()[i];
  *next = i + 1;
  std::string& kernel = plan_.kernels_[i];
  kernel = k_.name;
  switch (n.kind) {
    case INFER_OP_EMBED:
      kernel = "rows decoded";
      add(make_embed(frame_, n, made(n.out[0]), packed(n.in[0])));
      return {};
    case INFER_OP_RMS_NORM:
      add(make_rms_norm(n, made(n.out[0])));
      return {};
    case INFER_OP_MATMUL:
      return matmul(i, next);
    case INFER_OP_ROPE:
      return rope(n);
    case INFER_OP_KV_WRITE:
      add(make_kv_write(frame_, n));
      return {};
    case INFER_OP_ATTENTION:
      return attention(n);
    case INFER_OP_ADD:
    case INFER_OP_MUL:
    case INFER_OP_SCALE:
    case INFER_OP_ACT:
    case INFER_OP_GLU:
      add(make_elementwise(n, made(n.out[0])));
      return {};
    case INFER_OP_GATHER:
      add(make_gather(n, made(n.out[0])));
      return {};
    case INFER_OP_ROUTE:
      add(make_route(n));
      return {};
    case INFER_OP_MATMUL_EXPERTS:
      return experts(n);
    case INFER_OP_ADAPT:
      adapt(i, next);
      return {};
    case INFER_OP_EXPERT_SUM:
      add(make_expert_sum(n, made(n.out[0])));
      return {};
    case INFER_OP_ALL_REDUCE:
    case INFER_OP_ALL_GATHER:
      add(make_copy(n, made(n.out[0])));
      return {};
    default:
      return Status::unsupported(str("cpu does not know operator ", n.kind));
  }
}

MatmulPlan Compiler::matmul_plan(const Node& n) {
  MatmulPlan p;
  const uint32_t type = frame_[n.in[1]].type;
  p.path = matmul_path(k_, type);
  if (p.path.quantized) p.records = read(n.in[0]);
  p.out = n.out[0];
  const std::string form = str(type_name(type), " ", k_.name, p.path.unpacker ? " unpacked" : "",
                               p.path.quantized && device_.terms() == 1 ? " one term" : "");
  plan_.kernels_[n.index] = str(form, " ", p.path.kernel.few, "/", p.path.kernel.many);
  const std::string counter = str("matmul.", type_name(type), ".", k_.name, ".");
  if (n.kind == INFER_OP_MATMUL && device_.onednn() && !p.path.quantized) {
    const Tensor& w = frame_[n.in[1]];
    p.onednn = device_.onednn()->product(type, w.dim[0], w.dim[1]);
  }
  if (p.onednn) {
    p.onednn_blocks = device_.counter(str("matmul.", type_name(type), ".onednn.", p.onednn->kernel()));
    plan_.kernels_[n.index] += str(", onednn ", p.onednn->kernel());
  }
  p.packed = packed(n.in[1]);
  if (p.packed) p.from_packed = device_.counter("pack.products");
  p.few = device_.counter(counter + p.path.kernel.few);
  p.many = device_.counter(counter + p.path.kernel.many);
  return p;
}

Status Compiler::matmul(size_t i, size_t* next) {
  const Node& n = nodes()[i];
  MatmulPlan p = matmul_plan(n);
  const Node* second = i + 1 < nodes().size() ? &nodes()[i + 1] : nullptr;
  const Node* third = i + 2 < nodes().size() ? &nodes()[i + 2] : nullptr;
  // The records of x are separate memory, so what is joined may overwrite x itself; float weights read x.
  const bool join = p.path.quantized;

  if (join && second && third && joinable(n, *second) && third->kind == INFER_OP_GLU &&
      frame_[third->out[0]].rank == 2) {
    const bool gate_first = third->in[0] == n.out[0] && third->in[1] == second->out[0];
    const bool up_first = third->in[1] == n.out[0] && third->in[0] == second->out[0];
    if ((gate_first || up_first) && matmul_path(k_, frame_[second->in[1]].type).quantized) {
      MatmulPlan q = matmul_plan(*second);
      const Node &gate = gate_first ? n : *second, &up = gate_first ? *second : n;
      add(make_gated(frame_, k_, gate, gate_first ? p : q, up, gate_first ? q : p, *third));
      plan_.kernels_[i + 2] = str(k_.name, " with gate and up");
      *next = i + 3;
      return {};
    }
  }
  if (join && second && second->kind == INFER_OP_ADD && uses_[n.out[0]] == 1 &&
      frame_[n.out[0]].role == INFER_ROLE_TEMP) {
    const uint32_t other = second->in[0] == n.out[0]   ? second->in[1]
                           : second->in[1] == n.out[0] ? second->in[0]
                                                       : INFER_NONE;
    const bool same_shape =
        other != INFER_NONE && frame_[other].rank == 2 && frame_[other].columns() == frame_[n.out[0]].columns();
    if (same_shape && !quantized_[second->out[0]]) {
      p.residual = other;
      p.out = second->out[0];
      add(make_matmul(frame_, k_, n, p));
      plan_.kernels_[i + 1] = str(k_.name, " with the matmul");
      *next = i + 2;
      return {};
    }
  }
  add(make_matmul(frame_, k_, n, p), !(second && joinable(n, *second)));
  return {};
}

Status Compiler::experts(const Node& n) {
  const auto slots = Size(frame_.max_dim(n.in[2], 0)) * Size(frame_.max_dim(n.in[2], 1));
  if (!slots.fits(INT32_MAX)) return Status::no_memory(str("node ", n.index, " chooses more experts than fit 31 bits"));
  const MatmulPlan p = matmul_plan(n);
  auto buckets = make_buckets(frame_, n);
  owned_ += buckets_bytes(*buckets);
  add(make_buckets_op(buckets));
  add(make_matmul_experts(frame_, k_, n, p, buckets));
  return {};
}

Status Compiler::rope(const Node& n) {
  std::shared_ptr<Turns> turns;
  for (const auto& t : turns_)
    if (same_turns(*t, n)) turns = t;
  if (!turns) {
    const auto size = Size(frame_.max_dim(n.in[1], 0)) * Size(n.i[1]) * Size(sizeof(float));
    if (!size.fits(int64_t{1} << 40))
      return Status::no_memory(str("node ", n.index, ": angles for that many positions do not fit memory"));
    turns = make_turns(frame_, n);
    owned_ += turns_bytes(*turns);
    turns_.push_back(turns);
    add(make_turns_op(turns));
  }
  add(make_rope(n, turns));
  return {};
}

// Adapters of several products of one x, such as Q, K and V, need no order between them: where each is added in place,
// and none reads what another one writes.
void Compiler::adapt(size_t i, size_t* next) {
  const Node& first = nodes()[i];
  std::shared_ptr<Adapted> adapted;
  for (const auto& a : adapted_)
    if (same_slots(*a, frame_, first)) adapted = a;
  if (!adapted) {
    adapted = adapted_.emplace_back(make_adapted(frame_, first));
    owned_ += adapted_bytes(*adapted);
    add(make_sort_rows(adapted));
  }
  const auto in_place = [&](const Node& n) {
    const Tensor &y = frame_[n.in[0]], &out = frame_[n.out[0]];
    return y.role == INFER_ROLE_TEMP && out.role == INFER_ROLE_TEMP && y.data == out.data;
  };
  const auto joins = [&](const Node& n) {
    if (n.kind != INFER_OP_ADAPT || !same_slots(*adapted, frame_, n) || !in_place(n)) return false;
    return std::none_of(nodes().begin() + static_cast<ptrdiff_t>(i), nodes().begin() + static_cast<ptrdiff_t>(*next),
                        [&](const Node& before) { return n.in[0] == before.out[0] || n.in[1] == before.out[0]; });
  };
  if (in_place(first))
    while (*next < nodes().size() && joins(nodes()[*next])) ++*next;
  for (size_t j = i; j < *next; ++j) {
    owned_ += reserve_low(*adapted, frame_, nodes()[j], j - i);
    add(make_adapt_down(frame_, k_, nodes()[j], adapted, j - i), j + 1 == *next);
    plan_.kernels_[j] = str(type_name(frame_[nodes()[j].in[2]].type), " ", k_.name, " by adapter");
  }
  for (size_t j = i; j < *next; ++j) add(make_adapt_up(frame_, k_, nodes()[j], adapted, j - i), j + 1 == *next);
}

Status Compiler::attention(const Node& n) {
  if (!attention_plan_) {
    attention_plan_ = std::make_shared<AttentionPlan>();
    attention_plan_->capacity = parts_;
    attention_plan_->whole = device_.counter(str("attention.", k_.name, ".whole"));
    attention_plan_->split = device_.counter(str("attention.", k_.name, ".split"));
  }
  add(make_attention(frame_, n, attention_plan_));
  add(make_attention_merge(n, attention_plan_));
  return {};
}

// Records whose steps do not overlap share a place; after them the attention parts, and the threads' scratch.
Status Compiler::lay_out() {
  struct Place {
    Size bytes;
    size_t last;
    std::vector<Records*> users;
  };
  std::vector<Place> places;
  for (const Live& l : live_) {  // in the order in which they are written
    const Size bytes = Size(l.records->rows) * Size(l.records->layout.bytes);
    auto place = std::find_if(places.begin(), places.end(), [&](const Place& p) { return p.last < l.first; });
    if (place == places.end()) place = places.insert(places.end(), Place{Size(0), 0, {}});
    if (!bytes.valid() || bytes.value() > place->bytes.value()) place->bytes = bytes;
    place->last = l.last;
    place->users.push_back(l.records);
  }
  int64_t scratch = 64;
  for (const auto& s : plan_.steps_) scratch = std::max(scratch, s.op->scratch_bytes());
  scratch = (scratch + 127) / 128 * 128;
  Size total(0);
  for (const Place& p : places) total = total + p.bytes;
  const Size parts = Size(parts_ * 4).padded(64);
  const Size all = total + parts + Size(scratch) * Size(device_.pool().threads());
  if (!all.fits(INT64_MAX / 2)) return Status::no_memory("this plan needs more than 2^62 bytes; take smaller batches");
  TRY_SET(plan_.memory_, backend::HostBuffer::make(static_cast<int64_t>(all.value())));
  auto* at = reinterpret_cast<uint8_t*>(plan_.memory_->data);
  for (const Place& p : places) {
    for (Records* r : p.users) r->data = at;
    at += p.bytes.value();
  }
  if (attention_plan_) attention_plan_->parts = reinterpret_cast<float*>(at);
  at += parts.value();
  plan_.scratch_at_ = at - reinterpret_cast<uint8_t*>(plan_.memory_->data);
  plan_.scratch_each_ = scratch;
  plan_.bytes_ = plan_.memory_->bytes + owned_;
  return {};
}

Result<std::unique_ptr<Plan>> Plan::make(Device& device, const infer_program& p, const infer_binding* weights,
                                         uint32_t n_weights, uint32_t* bad_op) {
  std::unique_ptr<Plan> plan(new Plan(device));
  TRY(plan->frame_.prepare(p, weights, n_weights, bad_op));
  for (const Node& n : plan->frame_.nodes())
    if (Status s = device.supported(p, n.index); !s.ok()) {
      if (bad_op) *bad_op = n.index;
      return s;
    }
  std::vector<const PackSlot*> packed;
  if (device.packs())
    plan->packs_ = pack_weights(*device.packs(), plan->frame_, device.kernels(), {weights, n_weights}, packed);
  TRY(Compiler(device, *plan, std::move(packed)).compile());
  return plan;
}

}  // namespace infer::cpu
