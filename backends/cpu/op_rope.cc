// Rotary positions. The angles depend on the position and the pair alone, so cos and sin are computed once per run (in
// double) and shared by all layers.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "backends/cpu/op.h"

namespace infer::cpu {

struct Turns {
  uint32_t positions = 0, factors = INFER_NONE;  // tensors
  std::vector<int64_t> i;                        // attributes of the nodes that share this
  std::vector<double> f;
  std::vector<float> cos, sin;  // [T, n_rot/2] of this run
  int64_t half() const { return i[1] / 2; }
};

std::shared_ptr<Turns> make_turns(const Frame& f, const Node& n) {
  auto t = std::make_shared<Turns>();
  t->positions = n.in[1];
  t->factors = n.in[2];
  t->i = n.i;
  t->f = n.f;
  const size_t size = static_cast<size_t>(f.max_dim(n.in[1], 0) * t->half());
  t->cos.resize(size);
  t->sin.resize(size);
  return t;
}
bool same_turns(const Turns& t, const Node& n) {
  return t.positions == n.in[1] && t.factors == n.in[2] && t.i[1] == n.i[1] && t.f == n.f;
}
int64_t turns_bytes(const Turns& t) { return static_cast<int64_t>((t.cos.size() + t.sin.size()) * sizeof(float)); }

namespace {

class TurnsOp final : public Op {
 public:
  explicit TurnsOp(std::shared_ptr<Turns> t) : t_(std::move(t)) {
    const double base = t_->f[0];
    for (int64_t j = 0; j < t_->half(); j++)
      plain_.push_back(std::pow(base, -2.0 * static_cast<double>(j) / static_cast<double>(t_->i[1])));
  }
  Pieces pieces(const Run& r) const override { return {r.frame[t_->positions].dim[0], false}; }
  void run(const Run& r, int64_t row, int64_t end) override {
    const int32_t* positions = r.frame[t_->positions].i32();
    const float* factors = t_->factors == INFER_NONE ? nullptr : r.frame[t_->factors].f32();
    const int64_t half = t_->half();
    for (; row < end; row++)
      for (int64_t j = 0; j < half; j++) {
        const double angle = static_cast<double>(positions[row]) * per_position(j, factors);
        t_->cos[static_cast<size_t>(row * half + j)] = static_cast<float>(std::cos(angle) * t_->f[3]);
        t_->sin[static_cast<size_t>(row * half + j)] = static_cast<float>(std::sin(angle) * t_->f[3]);
      }
  }

 private:
  // Turn of pair j per position: YaRN mixes the extrapolated and the interpolated angle (backend.h).
  double per_position(int64_t j, const float* factors) const {
    const double freq_scale = t_->f[1], ext_factor = t_->f[2], low = t_->f[4], high = t_->f[5];
    const double e = plain_[static_cast<size_t>(j)] / (factors ? static_cast<double>(factors[j]) : 1.0);
    const double ramp = 1 - std::clamp((static_cast<double>(j) - low) / std::max(0.001, high - low), 0.0, 1.0);
    const double mix = ramp * ext_factor;
    return freq_scale * e * (1 - mix) + e * mix;
  }
  std::shared_ptr<Turns> t_;
  std::vector<double> plain_;  // [half] base^(-2j/n_rot)
};

class Rope final : public Op {
 public:
  Rope(const Node& n, std::shared_ptr<const Turns> t) : node_(n), t_(std::move(t)) {}
  Pieces pieces(const Run& r) const override { return {r.frame.input(node_, 0)->rows(), false}; }
  void run(const Run& r, int64_t row, int64_t end) override {
    const Tensor &x = *r.frame.input(node_, 0), &y = r.frame[node_.out[0]];
    const int64_t columns = x.columns(), head = node_.i[0], half = t_->half();
    for (; row < end; row++)
      for (int64_t c = row * columns; c < (row + 1) * columns; c += head)
        r.kernels.rope(x.f32() + c, t_->cos.data() + row * half, t_->sin.data() + row * half, y.f32() + c, head,
                       node_.i[1], static_cast<int32_t>(node_.i[2]));
  }

 private:
  const Node& node_;
  std::shared_ptr<const Turns> t_;
};

}  // namespace

OpPtr make_turns_op(std::shared_ptr<Turns> t) { return std::make_unique<TurnsOp>(std::move(t)); }
OpPtr make_rope(const Node& n, std::shared_ptr<const Turns> t) { return std::make_unique<Rope>(n, std::move(t)); }

}  // namespace infer::cpu
