#include "tests/backends/expression.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

namespace infer::conformance {
namespace {

// One descent over the text; the first mistake is kept.
class Reader {
 public:
  Reader(std::string_view text, const Lookup& lookup) : text_(text), lookup_(lookup) {}

  Result<double> whole() {
    const double v = choice();
    skip();
    if (at_ < text_.size()) fail(str("'", text_.substr(at_), "' is left over"));
    if (!error_.ok()) return error_;
    return v;
  }

 private:
  void fail(std::string_view what) {
    if (error_.ok()) error_ = Status::invalid(str("'", text_, "': ", what));
  }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view sign) {
    skip();
    if (text_.substr(at_, sign.size()) != sign) return false;
    at_ += sign.size();
    return true;
  }
  void expect(std::string_view sign) {
    if (!take(sign)) fail(str("needs '", sign, "' at '", text_.substr(std::min(at_, text_.size())), "'"));
  }

  double choice() {
    const double which = either();
    if (!take("?")) return which;
    const double yes = choice();
    expect(":");
    const double no = choice();
    return which != 0 ? yes : no;
  }
  double either() {
    double v = both();
    while (take("||")) {
      const double w = both();
      v = v != 0 || w != 0;
    }
    return v;
  }
  double both() {
    double v = relation();
    while (take("&&")) {
      const double w = relation();
      v = v != 0 && w != 0;
    }
    return v;
  }
  double relation() {
    const double v = sum();
    if (take("==")) return v == sum();
    if (take("!=")) return v != sum();
    if (take("<=")) return v <= sum();
    if (take(">=")) return v >= sum();
    if (take("<")) return v < sum();
    if (take(">")) return v > sum();
    return v;
  }
  double sum() {
    double v = product();
    while (true) {
      if (take("+"))
        v += product();
      else if (take("-"))
        v -= product();
      else
        return v;
    }
  }
  double product() {
    double v = unary();
    while (true) {
      if (take("*"))
        v *= unary();
      else if (take("/"))
        v /= unary();
      else if (take("%"))
        v = std::fmod(v, unary());
      else
        return v;
    }
  }
  double unary() {
    if (++depth_ > 100) return fail("nested too deeply"), 0;
    const double v = take("-") ? -unary() : take("!") ? unary() == 0 : atom();
    --depth_;
    return v;
  }
  double atom() {
    if (take("(")) {
      const double v = choice();
      expect(")");
      return v;
    }
    skip();
    const size_t from = at_;
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
      double v = 0;
      const auto read = std::from_chars(text_.data() + at_, text_.data() + text_.size(), v);
      at_ = static_cast<size_t>(read.ptr - text_.data());
      return v;
    }
    const auto in_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; };
    while (at_ < text_.size() && in_name(text_[at_])) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    if (name.empty()) return fail(str("needs a number or name at '", text_.substr(from), "'")), 0;
    if (take("(")) return call(name);
    const Result<double> v = lookup_(name);
    return v.ok() ? *v : (fail(v.status().message()), 0);
  }
  double call(std::string_view name) {
    const double a = choice();
    const bool two = name == "min" || name == "max";
    if (two) expect(",");
    const double b = two ? choice() : 0;
    expect(")");
    if (name == "abs") return std::abs(a);
    if (name == "round") return std::round(a);
    if (name == "sqrt") return std::sqrt(a);
    if (two) return name == "min" ? std::min(a, b) : std::max(a, b);
    return fail(str("there is no function '", name, "'")), 0;
  }

  std::string_view text_;
  const Lookup& lookup_;
  size_t at_ = 0;
  int depth_ = 0;
  Status error_;
};

}  // namespace

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

Result<double> evaluate(std::string_view text, const Lookup& lookup) { return Reader(text, lookup).whole(); }

Result<int64_t> evaluate_whole(std::string_view text, const Lookup& lookup) {
  TRY_SET(const double v, evaluate(text, lookup));
  if (!(std::abs(v) < 9e15) || v != std::floor(v))
    return Status::invalid(str("'", text, "' is ", v, ", no whole number"));
  return static_cast<int64_t>(v);
}

}  // namespace infer::conformance
