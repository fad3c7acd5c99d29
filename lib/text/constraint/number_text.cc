#include "text/constraint/number_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>

namespace infer::text::json_schema {
namespace {

using Expr = Grammar::Expr;

constexpr uint64_t kMostRemainders = 1500;  // times digits where they are counted: each is a rule
constexpr int64_t kMostScale = 15;          // digits after the point of a multipleOf

// What is below a power of ten, or 0.
uint64_t power_of_ten(int64_t n) {
  uint64_t p = 1;
  for (; n > 0; --n) p *= 10;
  return p;
}

class NumberText {
 public:
  NumberText(Grammar& g, const std::string& name) : g_(g), name_(name) {}

  Status set_multiples(const std::vector<Decimal>& all, bool whole) {
    multiple_ = !all.empty() && !whole;
    for (const Decimal& m : all) scale_ = std::max(scale_, static_cast<int64_t>(m.digits.size()) - m.exponent);
    uint64_t common = 1;
    for (const Decimal& m : all) {
      const int64_t size = m.exponent + scale_;  // digits of it as a multiple of 10^-scale
      if (scale_ > kMostScale || size > 18) return too_many();
      std::string digits = m.digits;
      digits.resize(static_cast<size_t>(size), '0');
      const uint64_t v = std::stoull(digits);
      const uint64_t factor = v / std::gcd(common, v);
      if (factor > UINT64_MAX / 100 / common) return too_many();
      common *= factor;
    }
    if (whole) common /= std::gcd(common, power_of_ten(scale_)), scale_ = 0;
    modulus_ = common;
    if (modulus_ * static_cast<uint64_t>(std::max<int64_t>(1, scale_)) > kMostRemainders) return too_many();
    return {};
  }
  Status too_many() const {
    return Status::unsupported(str("the keyword 'multipleOf' needs too many remainders here (", name_, ")"),
                               "use a smaller number");
  }

  Expr run(const NumberRange& r) {
    std::vector<Expr> options;
    const Decimal zero;
    if (!r.high || !r.high->negative) {
      const bool own = r.low && !r.low->negative;
      options.push_back(sized(own ? *r.low : zero, own && r.above, r.high, r.below, r.whole));
    }
    if (!r.low || r.low->negative) {  // sizes of negative numbers; -0.0 is there when 0 is, -0 is not
      const bool own = r.high && (r.high->negative || r.high->zero());
      const Decimal least = own && !r.high->zero() ? r.high->negated() : r.whole ? zero.next(true) : zero;
      std::optional<Decimal> most;
      if (r.low) most = r.low->negated();
      options.push_back(g_.sequence({g_.literal("-"), sized(least, own && r.below, most, r.above, r.whole)}));
    }
    return g_.choice(options);
  }
  bool failed() const { return rules_.size() > kMostRemainders; }

 private:
  struct Bound {
    std::string whole, fraction;
    bool open = false;
  };

  static Expr digits(Grammar& g, int first, int last) {
    ByteSet set;
    set.add(static_cast<uint8_t>('0' + first), static_cast<uint8_t>('0' + last));
    return g.bytes(set);
  }
  Expr digit() { return digits(g_, 0, 9); }

  // least >= 0.
  Expr sized(const Decimal& least, bool above, const std::optional<Decimal>& most, bool below, bool whole) {
    if (most && Decimal::compare(least, *most) > 0) return Grammar::kNothing;
    low_ = {least.whole(), least.fraction(), above};
    has_high_ = most.has_value();
    if (most) high_ = {most->whole(), most->fraction(), below};
    whole_ = whole;
    std::vector<Expr> options;
    const size_t shortest = low_.whole.size(), longest = has_high_ ? high_.whole.size() : shortest;
    for (size_t n = shortest; n <= longest; ++n) {
      length_ = n;
      const bool at_low = n == shortest, at_high = has_high_ && n == longest;
      if (at_low || at_high || modulus_ > 1) options.push_back(at(0, at_low, at_high, 0));
    }
    if (modulus_ == 1 && longest > shortest + 1)
      options.push_back(
          g_.sequence({digits(g_, 1, 9), g_.repeat(digit(), count(shortest), count(longest) - 2), end()}));
    if (!has_high_) options.push_back(longer(shortest));
    return g_.choice(options);
  }
  static int32_t count(size_t n) { return static_cast<int32_t>(n); }
  Expr end() { return tail(false, false, 0); }

  // More digits than n.
  Expr longer(size_t n) {
    if (modulus_ == 1) return g_.sequence({digits(g_, 1, 9), g_.repeat(digit(), count(n)), end()});
    std::vector<Expr> options;
    for (int d = 1; d <= 9; ++d)
      options.push_back(g_.sequence({digits(g_, d, d), free(n, static_cast<uint64_t>(d) % modulus_, true)}));
    return g_.choice(options);
  }

  // From the digit `i` of length_ on; low, high: all before it are those of the bound.
  Expr at(size_t i, bool low, bool high, uint64_t remainder) {
    if (i == length_) return tail(low, high, remainder);
    if (!low && !high && i > 0) {
      const size_t n = length_ - i;
      if (modulus_ > 1) return free(n, remainder, false);
      return g_.sequence({g_.repeat(digit(), count(n), count(n)), end()});
    }
    const int first = low ? low_.whole[i] - '0' : i == 0 && length_ > 1 ? 1 : 0;
    const int last = high ? high_.whole[i] - '0' : 9;
    return branch(
        first, last,
        [&](int d) {
          return Next{low && d == first, high && d == last, (remainder * 10 + static_cast<uint64_t>(d)) % modulus_};
        },
        [&](Next n) { return at(i + 1, n.low, n.high, n.remainder); });
  }

  struct Next {
    bool low, high;
    uint64_t remainder;
    auto operator<=>(const Next&) const = default;
  };
  // Digits that lead to the same are one set.
  template <class F, class G>
  Expr branch(int first, int last, F next, G then) {
    std::map<Next, ByteSet> by_next;
    for (int d = first; d <= last; ++d) by_next[next(d)].add(static_cast<uint8_t>('0' + d));
    std::vector<Expr> options;
    for (const auto& [n, set] : by_next) options.push_back(g_.sequence({g_.bytes(set), then(n)}));
    return g_.choice(options);
  }

  // A rule for each, as many lead to one.
  template <class F>
  Expr shared(const std::array<uint64_t, 4>& key, F make) {
    if (const auto known = rules_.find(key); known != rules_.end()) return g_.refer(known->second);
    if (failed()) return Grammar::kNothing;
    const Grammar::Rule rule = g_.declare(name_);
    rules_.emplace(key, rule);
    g_.define(rule, make());
    return g_.refer(rule);
  }

  // n digits, or at least n, from a remainder on, beside no bound.
  Expr free(size_t n, uint64_t remainder, bool more) {
    return shared({more ? 1u : 0u, n, remainder, whole_}, [&] {
      std::vector<Expr> options;
      if (n == 0) options.push_back(tail(false, false, remainder));
      if (n > 0 || more)
        options.push_back(branch(
            0, 9,
            [&](int d) {
              return Next{false, false, (remainder * 10 + static_cast<uint64_t>(d)) % modulus_};
            },
            [&](Next next) { return free(n > 0 ? n - 1 : 0, next.remainder, more); }));
      return g_.choice(options);
    });
  }

  // After the digits before the point.
  Expr tail(bool low, bool high, uint64_t remainder) {
    if (whole_) return remainder == 0 ? Grammar::kEmpty : Grammar::kNothing;
    if (!low && !high && !multiple_) return g_.optional(g_.sequence({g_.literal("."), g_.repeat(digit(), 1)}));
    const Expr point = g_.sequence({g_.literal("."), fraction(0, low, high, remainder)});
    return g_.choice({may_end(0, low, high, remainder) ? Grammar::kEmpty : Grammar::kNothing, point});
  }

  bool may_end(size_t i, bool low, bool high, uint64_t remainder) const {
    if (low && (low_.open || i < low_.fraction.size())) return false;
    if (high && high_.open && i >= high_.fraction.size()) return false;
    const int64_t missing = scale_ - static_cast<int64_t>(i);
    for (int64_t k = 0; k < missing; ++k) remainder = remainder * 10 % modulus_;
    return remainder == 0;
  }

  // From the digit i after the point on; the first of them must be there.
  Expr fraction(size_t i, bool low, bool high, uint64_t remainder) {
    if (low && i >= low_.fraction.size() && !low_.open) low = false;
    if (!low && !high && !multiple_) return g_.repeat(digit(), i == 0 ? 1 : 0);
    if (!low && !high && i > 0)
      return shared({2, i, remainder, 0}, [&] { return fraction_digits(i, low, high, remainder); });
    return fraction_digits(i, low, high, remainder);
  }

  Expr fraction_digits(size_t i, bool low, bool high, uint64_t remainder) {
    const auto scale = static_cast<size_t>(scale_);
    const size_t high_digits = high ? high_.fraction.size() : 0, low_digits = low ? low_.fraction.size() : 0;
    if (i >= std::max({high_digits, low_digits, scale, size_t{1}})) {
      const bool zeros_only = high || multiple_;
      if (zeros_only && (low || remainder != 0 || (high && high_.open))) return Grammar::kNothing;
      if (zeros_only) return g_.repeat(g_.literal("0"), 0);
      // Equal to the bound so far, which is not in.
      if (low) return g_.sequence({g_.repeat(g_.literal("0"), 0), digits(g_, 1, 9), g_.repeat(digit(), 0)});
      return g_.repeat(digit(), 0);
    }
    const int first = low && i < low_digits ? low_.fraction[i] - '0' : 0;
    const int bound = high ? (i < high_digits ? high_.fraction[i] - '0' : 0) : 9;
    const int last = multiple_ && i >= scale ? std::min(bound, 0) : bound;
    const Expr more = branch(
        first, last,
        [&](int d) {
          const uint64_t then = i < scale ? (remainder * 10 + static_cast<uint64_t>(d)) % modulus_ : remainder;
          return Next{low && d == first, high && d == bound, then};
        },
        [&](Next n) { return fraction(i + 1, n.low, n.high, n.remainder); });
    return g_.choice({i > 0 && may_end(i, low, high, remainder) ? Grammar::kEmpty : Grammar::kNothing, more});
  }

  Grammar& g_;
  const std::string name_;
  Bound low_, high_;
  bool has_high_ = false, whole_ = false;
  size_t length_ = 0;      // digits before the point
  bool multiple_ = false;  // digits after the point are of a multiple
  uint64_t modulus_ = 1;   // of the number times 10^scale_
  int64_t scale_ = 0;
  std::map<std::array<uint64_t, 4>, Grammar::Rule> rules_;
};

}  // namespace

Result<Grammar::Expr> number_text(Grammar& g, NumberRange range, const std::string& name) {
  if (range.whole) range.tighten();
  if (range.empty()) return Grammar::kNothing;
  NumberText text(g, name);
  TRY(text.set_multiples(range.multiples, range.whole));
  const Expr e = text.run(range);
  if (text.failed()) return text.too_many();
  return e;
}

}  // namespace infer::text::json_schema
