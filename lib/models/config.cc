#include "models/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/checked.h"

namespace infer::models {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int64_t>::max();

// The range of every integer and number that is read, in one place. The limits are several times what any published
// model has; what lies beyond them is damage, and would otherwise become a size or a loop bound.
struct IntRange {
  std::string_view key;  // without "<architecture>."
  int64_t least, most;
};
constexpr IntRange kInts[] = {
    {"vocab_size", 1, 1 << 22},
    {"context_length", 1, 1 << 30},
    {"embedding_length", 1, 1 << 17},
    {"block_count", 1, 1024},
    {"feed_forward_length", 1, 1 << 20},
    {"attention.head_count", 1, 4096},
    {"attention.head_count_kv", 1, 4096},
    {"attention.key_length", 1, 4096},
    {"attention.value_length", 1, 4096},
    {"attention.sliding_window", 0, 1 << 30},
    {"rope.dimension_count", 2, 4096},
    {"rope.scaling.original_context_length", 1, 1 << 30},
    {"expert_count", 0, 4096},
    {"expert_used_count", 0, 256},
    {"expert_feed_forward_length", 1, 1 << 20},
    {"expert_shared_feed_forward_length", 1, 1 << 20},
    {"expert_gating_func", 0, 1},  // 1: softmax, the only one these families use
};
struct NumRange {
  std::string_view key;
  double least, most;
};
constexpr NumRange kNums[] = {
    {"attention.layer_norm_rms_epsilon", 1e-30, 0.1},
    {"attention.scale", 1e-6, 1e6},
    {"rope.freq_base", 1.0001, 1e15},
    {"rope.scaling.factor", 1e-3, 1e6},
    {"rope.scale_linear", 1e-3, 1e6},  // what early files call the factor
    {"rope.scaling.attn_factor", 1e-3, 1e3},
    {"rope.scaling.yarn_attn_factor", 1e-3, 1e3},
    {"rope.scaling.yarn_ext_factor", 0, 1},
    {"rope.scaling.yarn_beta_fast", 1e-3, 1e6},
    {"rope.scaling.yarn_beta_slow", 1e-3, 1e6},
    {"rope.scaling.yarn_log_multiplier", -1e3, 1e3},
    {"expert_weights_scale", 0, 1e6},
};

// Settings that change the arithmetic in ways these families never use. A file that has one must not be run as if it
// had not: the answer would be wrong without a sign. `neutral` is the value that changes nothing.
struct Foreign {
  std::string_view key;
  double neutral;
};
constexpr Foreign kForeign[] = {
    {"attention.causal", 1},
    {"attention.clamp_kqv", 0},
    {"attention.max_alibi_bias", 0},
    {"attention.sliding_window_pattern", 0},
    {"attention.temperature_length", 0},
    {"attention.temperature_scale", 0},
    {"attn_logit_softcapping", 0},
    {"embedding_scale", 1},
    {"expert_group_count", 0},
    {"final_logit_softcapping", 0},
    {"leading_dense_block_count", 0},
    {"logit_scale", 1},
    {"moe_every_n_layers", 1},
    {"nextn_predict_layers", 0},
    {"residual_scale", 1},
    {"rope.dimension_sections", 0},
    {"rope.scaling.alpha", 0},
    {"use_parallel_residual", 0},
};

std::string text_of(double v) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v).ptr;
  return {buffer.data(), end};
}

// Reads keys of one file with the ranges above. The first failure is kept; later reads give the fallback.
class Reader {
 public:
  Reader(const formats::ModelFile& file, std::string_view architecture)
      : file_(file), prefix_(str(architecture, ".")) {}

  std::string full(std::string_view key) const { return prefix_ + std::string(key); }
  bool has(std::string_view key) const { return file_.find(full(key)) != nullptr; }

  int64_t integer(std::string_view key, std::optional<int64_t> fallback = {}) {
    const std::string name = full(key);
    if (const formats::Value* v = file_.find(name); v && std::holds_alternative<formats::Array>(*v)) {
      fail(Status::unsupported(str(name, " is an array: one value per layer is not supported for this family"),
                               "Use a model whose layers are all of one size."));
      return fallback.value_or(1);
    }
    for (const IntRange& r : kInts)
      if (r.key == key) return keep(file_.get_int(name, r.least, r.most, fallback), fallback.value_or(r.least));
    fail(Status::internal(str(name, " has no range in config.cc")));
    return 1;
  }

  double number(std::string_view key, std::optional<double> fallback = {}) {
    const std::string name = full(key);
    for (const NumRange& r : kNums) {
      if (r.key != key) continue;
      const double v = keep(file_.get_num(name, fallback), fallback.value_or(r.least));
      if (v >= r.least && v <= r.most) return v;
      fail(Status::corrupt(str(name, " is ", text_of(v), ", allowed are ", text_of(r.least), " to ", text_of(r.most)),
                           kDamaged));
      return r.least;
    }
    fail(Status::internal(str(name, " has no range in config.cc")));
    return 1;
  }

  bool flag(std::string_view key, bool fallback) { return keep(file_.get_bool(full(key), fallback), fallback); }
  std::string_view text(std::string_view key, std::string_view fallback) {
    return keep(file_.get_str(full(key), fallback), fallback);
  }

  void fail(Status s) {
    if (status_.ok()) status_ = std::move(s);
  }
  const Status& status() const { return status_; }

  static constexpr const char* kDamaged = "The file is damaged or was converted wrongly; obtain it again.";

 private:
  template <class T>
  T keep(Result<T> r, T otherwise) {
    if (r.ok()) return *r;
    fail(Status(r.status().code(), std::string(r.status().message()), kDamaged));
    return otherwise;
  }

  const formats::ModelFile& file_;
  std::string prefix_;
  Status status_;
};

bool is_neutral(const formats::Value& v, double neutral) {
  if (const auto* i = std::get_if<int64_t>(&v)) return static_cast<double>(*i) == neutral;
  if (const auto* d = std::get_if<double>(&v)) return *d == neutral;
  if (const auto* b = std::get_if<bool>(&v)) return (*b ? 1.0 : 0.0) == neutral;
  return false;
}

void refuse_foreign(const formats::ModelFile& file, Reader& in) {
  for (const Foreign& f : kForeign) {
    const formats::Value* v = file.find(in.full(f.key));
    if (v && !is_neutral(*v, f.neutral))
      in.fail(
          Status::unsupported(str(in.full(f.key), " is set, and this version does not compute it"),
                              "Running without it would give wrong answers. Use a newer libinfer or another file."));
  }
}

void read_heads(Reader& in, Config& c) {
  c.n_head = in.integer("attention.head_count");
  c.n_head_kv = in.integer("attention.head_count_kv", c.n_head);
  if (c.n_head % c.n_head_kv != 0)
    in.fail(Status::corrupt(str(in.full("attention.head_count_kv"), " is ", c.n_head_kv, ", which does not divide ",
                                in.full("attention.head_count"), " = ", c.n_head),
                            Reader::kDamaged));
  if (!in.has("attention.key_length") && c.n_embd % c.n_head != 0)
    in.fail(Status::corrupt(str(in.full("attention.head_count"), " is ", c.n_head, ", which does not divide ",
                                in.full("embedding_length"), " = ", c.n_embd),
                            Reader::kDamaged));
  c.head_dim = in.integer("attention.key_length", c.n_embd / c.n_head);
  c.head_dim_v =
      in.integer("attention.value_length", in.has("attention.key_length") ? c.head_dim : c.n_embd / c.n_head);
  c.window = in.integer("attention.sliding_window", 0);
  c.attention_scale = in.number("attention.scale", 1 / std::sqrt(static_cast<double>(c.head_dim)));
}

// The factor on cos and sin that YaRN's authors recommend for a stretch.
double yarn_magnitude(double factor, double multiplier) {
  return factor <= 1 ? 1 : 0.1 * multiplier * std::log(factor) + 1;
}

void read_yarn(Reader& in, Config& c) {
  RopeScaling& r = c.rope;
  if (r.factor < 1) {
    in.fail(Status::corrupt(str(in.full("rope.scaling.factor"), " is ", text_of(r.factor), ", YaRN needs 1 or more"),
                            Reader::kDamaged));
    return;
  }
  r.original_ctx = in.integer("rope.scaling.original_context_length", c.n_ctx_train);
  r.ext_factor = in.number("rope.scaling.yarn_ext_factor", 1.0);
  r.beta_fast = in.number("rope.scaling.yarn_beta_fast", 32.0);
  r.beta_slow = in.number("rope.scaling.yarn_beta_slow", 1.0);
  if (r.beta_fast < r.beta_slow)
    in.fail(Status::corrupt(str(in.full("rope.scaling.yarn_beta_fast"), " is ", text_of(r.beta_fast),
                                ", less than yarn_beta_slow = ", text_of(r.beta_slow)),
                            Reader::kDamaged));
  // As transformers: a factor that is given is meant as it is; else it follows from the stretch, relative to what the
  // model was trained with when the file says so.
  const double log_multiplier = in.number("rope.scaling.yarn_log_multiplier", 0.0);
  const double computed =
      yarn_magnitude(r.factor, 1) / (log_multiplier != 0 ? yarn_magnitude(r.factor, log_multiplier) : 1);
  r.attn_factor = in.number("rope.scaling.yarn_attn_factor", std::isfinite(computed) ? computed : 0) *
                  in.number("rope.scaling.attn_factor", 1.0);
}

void read_rope(Reader& in, Config& c) {
  c.n_rot = in.integer("rope.dimension_count", c.head_dim);
  if (c.n_rot % 2 != 0 || c.n_rot > c.head_dim)
    in.fail(Status::corrupt(str(in.full("rope.dimension_count"), " is ", c.n_rot,
                                ", allowed are even numbers from 2 to the head size ", c.head_dim),
                            Reader::kDamaged));
  c.rope_base = in.number("rope.freq_base", 10000.0);
  const std::string_view type = in.text("rope.scaling.type", "linear");
  const double factor = in.number(in.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear", 1.0);
  if (type == "none") return;
  c.rope.factor = factor;
  if (type == "linear") {
    c.rope.kind = factor == 1 ? RopeScaling::kNone : RopeScaling::kLinear;
  } else if (type == "yarn") {
    c.rope.kind = RopeScaling::kYarn;
    read_yarn(in, c);
  } else {
    in.fail(Status::unsupported(
        str(in.full("rope.scaling.type"), " is '", type, "'; this version knows none, linear and yarn"),
        "Use a newer libinfer or another model."));
  }
}

void read_experts(Reader& in, const FamilyDefaults& family, Config& c) {
  c.n_expert = in.integer("expert_count", 0);
  c.n_expert_used = in.integer("expert_used_count", 0);
  if (family.moe && c.n_expert == 0)
    in.fail(Status::corrupt(str(in.full("expert_count"), " is 0, but this is a mixture-of-experts family"),
                            Reader::kDamaged));
  if (c.n_expert == 0) return;
  if (c.n_expert_used < 1 || c.n_expert_used > c.n_expert)
    in.fail(Status::corrupt(str(in.full("expert_used_count"), " is ", c.n_expert_used, ", allowed are 1 to ",
                                in.full("expert_count"), " = ", c.n_expert),
                            Reader::kDamaged));
  if (!in.status().ok()) return;
  // Early files of the qwen families leave the size out; it is then a fair share of the dense one. Mixtral's is the
  // dense one.
  c.n_ff_expert =
      in.integer("expert_feed_forward_length", family.moe ? std::max<int64_t>(1, c.n_ff / c.n_expert_used) : c.n_ff);
  c.n_ff_shared = in.integer("expert_shared_feed_forward_length", c.n_ff);
  in.integer("expert_gating_func", 1);
  c.expert_norm = in.flag("expert_weights_norm", family.expert_norm);
  const double scale = in.number("expert_weights_scale", 1.0);
  c.expert_scale = scale == 0 ? 1 : scale;
}

void read_vocabulary(Reader& in, const formats::ModelFile& file, Config& c) {
  const formats::Tensor* table = file.tensor("token_embd.weight");
  if (!table) {
    in.fail(Status::corrupt("tensor 'token_embd.weight' is missing",
                            "The file holds no weights, perhaps a vocabulary alone."));
    return;
  }
  c.n_vocab = table->rank == 2 ? table->dim[0] : 0;
  const int64_t declared = in.integer("vocab_size", c.n_vocab >= 1 && c.n_vocab <= 1 << 22 ? c.n_vocab : 1);
  if (declared != c.n_vocab)
    in.fail(Status::corrupt(
        str("tensor 'token_embd.weight' has ", c.n_vocab, " rows, expected ", in.full("vocab_size"), " = ", declared),
        Reader::kDamaged));
  const size_t n_tokens = file.tokenizer().tokens.size();
  if (n_tokens != 0 && std::cmp_not_equal(n_tokens, c.n_vocab))
    in.fail(Status::corrupt(
        str("tensor 'token_embd.weight' has ", c.n_vocab, " rows, but the vocabulary has ", n_tokens, " tokens"),
        Reader::kDamaged));
}

void count_tensors(const formats::ModelFile& file, Config& c) {
  Size elements = 0, bytes = 0;
  for (const formats::Tensor& t : file.tensors()) {
    elements = elements + Size(t.dim[0]) * Size(t.dim[1]) * Size(t.dim[2]) * Size(t.dim[3]);
    bytes = bytes + t.data.size();
  }
  c.n_parameters = elements.fits(kMaxInt) ? static_cast<int64_t>(elements.value()) : kMaxInt;
  c.weight_bytes = bytes.fits(kMaxInt) ? static_cast<int64_t>(bytes.value()) : kMaxInt;
}

}  // namespace

Result<Config> read_config(const formats::ModelFile& file, const FamilyDefaults& family) {
  Config c;
  c.architecture = file.architecture();
  Reader in(file, file.architecture());
  c.n_layer = in.integer("block_count");
  c.n_ctx_train = in.integer("context_length");
  c.n_embd = in.integer("embedding_length");
  TRY(in.status());  // what follows divides by these
  read_vocabulary(in, file, c);
  c.n_ff = in.integer("feed_forward_length", family.moe ? std::optional<int64_t>(c.n_embd) : std::nullopt);
  c.rms_eps = in.number("attention.layer_norm_rms_epsilon");
  read_heads(in, c);
  TRY(in.status());
  read_rope(in, c);
  read_experts(in, family, c);
  refuse_foreign(file, in);
  count_tensors(file, c);
  TRY(in.status());
  return c;
}

}  // namespace infer::models
