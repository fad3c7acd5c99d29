#include "tests/backends/fill.h"

#include "graph/signature.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

// "uniform(5, 2 * reach)": the name, and what its arguments come to.
struct Source {
  std::string_view name;
  std::vector<double> arguments;
};

Result<Source> parse(std::string_view text, const Lookup& lookup) {
  const size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')')
    return Status::invalid(str("'", text, "' is no fill: NAME(ARGUMENTS) is"));
  Source s{trimmed(text.substr(0, open)), {}};
  std::string_view rest = text.substr(open + 1, text.size() - open - 2);
  while (true) {
    int depth = 0;
    size_t comma = 0;
    for (; comma < rest.size() && (depth > 0 || rest[comma] != ','); ++comma)
      depth += rest[comma] == '(' ? 1 : rest[comma] == ')' ? -1 : 0;
    TRY_SET(const double v, evaluate(rest.substr(0, comma), lookup));
    s.arguments.push_back(v);
    if (comma == rest.size()) return s;
    rest.remove_prefix(comma + 1);
  }
}

struct Known {
  std::string_view name;
  size_t least, most;  // arguments
  uint32_t type;       // of the tensor; kAny: whichever
};
constexpr uint32_t kAny = UINT32_MAX;
constexpr Known kKnown[] = {{"uniform", 1, 2, INFER_TYPE_F32}, {"blocks", 1, 1, kAny},
                            {"ids", 2, 2, INFER_TYPE_I32},     {"choices", 2, 2, INFER_TYPE_I32},
                            {"slots", 2, 2, INFER_TYPE_I32},   {"value", 1, 1, kAny}};

Status check(const Source& s, uint32_t type) {
  for (const Known& k : kKnown) {
    if (k.name != s.name) continue;
    if (s.arguments.size() < k.least || s.arguments.size() > k.most)
      return Status::invalid(str(s.name, " has ", s.arguments.size(), " arguments"));
    const bool number = type == INFER_TYPE_F32 || type == INFER_TYPE_I32;
    if (k.type != kAny ? type != k.type : s.name == "value" ? !number : type == INFER_TYPE_I32)
      return Status::invalid(str(s.name, " does not fill ", graph::type_name(type)));
    return {};
  }
  return Status::invalid(str("there is no fill '", s.name, "'"));
}

// v -> what stands behind the arrow, in binary64, rounded once.
Status apply(std::string_view arrow, const Lookup& lookup, Bytes& data) {
  std::vector<float> values = values_of<float>(data);
  for (float& v : values) {
    const double now = v;
    TRY_SET(const double then,
            evaluate(arrow, [&](std::string_view name) { return name == "v" ? Result<double>(now) : lookup(name); }));
    v = static_cast<float>(then);
  }
  data = bytes_of(values);
  return {};
}

}  // namespace

Result<Bytes> fill(std::string_view text, uint32_t type, std::span<const int64_t> dims, const Lookup& lookup,
                   uint64_t more) {
  const size_t arrow = text.find("->");
  TRY_SET(const Source s, parse(trimmed(text.substr(0, arrow)), lookup));
  TRY(check(s, type));
  int64_t n = 1;
  for (int64_t d : dims) {
    if (d < 1 || d > (int64_t{1} << 31) / n) return Status::invalid(str("'", text, "' fills no tensor of this size"));
    n *= d;
  }
  const double first = s.arguments[0], second = s.arguments.size() > 1 ? s.arguments[1] : 1;
  const bool draws = s.name != "value";
  if (draws && !(first >= 0 && first < 1e9)) return Status::invalid(str(s.name, ": the seed is ", first));
  const uint64_t seed = draws ? static_cast<uint64_t>(first) + more : 0;
  if (draws && type == INFER_TYPE_I32 && !(second >= 1 && second < 1e9))
    return Status::invalid(str(s.name, ": its limit is ", second));
  Bytes data;
  if (s.name == "uniform") {
    data = random_f32(n, seed, static_cast<float>(second));
  } else if (s.name == "blocks") {
    if (dims.back() % graph::block_length(type)) return Status::invalid("rows are not whole blocks");
    data = random_weights(static_cast<quant::Type>(type), n, seed);
  } else if (s.name == "ids") {
    data = random_ids(n, static_cast<int64_t>(second), seed);
  } else if (s.name == "slots") {
    data = random_slots(n, static_cast<int64_t>(second), seed);
  } else if (s.name == "choices") {
    if (second < static_cast<double>(dims.back())) return Status::invalid("more choices than there are ids");
    data = random_choices(n / dims.back(), dims.back(), static_cast<int64_t>(second), seed);
  } else if (type == INFER_TYPE_F32) {
    data = bytes_of(std::vector<float>(static_cast<size_t>(n), static_cast<float>(first)));
  } else {
    data = bytes_of(std::vector<int32_t>(static_cast<size_t>(n), static_cast<int32_t>(first)));
  }
  if (arrow == std::string_view::npos) return data;
  if (type != INFER_TYPE_F32) return Status::invalid("only f32 values can be changed after '->'");
  TRY(apply(trimmed(text.substr(arrow + 2)), lookup, data));
  return data;
}

}  // namespace infer::conformance
