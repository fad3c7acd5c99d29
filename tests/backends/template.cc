#include "tests/backends/template.h"

#include <algorithm>

#include "graph/signature.h"
#include "tests/backends/bed.h"
#include "tests/backends/fill.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

// "input f32 [T, G * D] = uniform(5) if bias", in its parts.
struct TensorText {
  std::string_view role, type, dims, fill, condition;
};

std::string_view cut(std::string_view& text, std::string_view before) {
  const size_t at = text.find(before);
  const std::string_view part = trimmed(text.substr(0, at));
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + before.size());
  return part;
}

Result<TensorText> parse_tensor(std::string_view text) {
  if (std::count(text.begin(), text.end(), '[') != 1 || std::count(text.begin(), text.end(), ']') != 1)
    return Status::invalid(str("'", text, "' is no tensor: ROLE TYPE [DIMENSIONS] = FILL if CONDITION is"));
  TensorText t;
  t.role = cut(text, " ");
  t.type = cut(text, "[");
  t.dims = cut(text, "]");
  const std::string_view rest = trimmed(cut(text, " if "));
  t.condition = trimmed(text);
  if (!rest.empty() && rest.front() != '=') return Status::invalid(str("'", rest, "' is not '= FILL'"));
  if (!rest.empty()) t.fill = trimmed(rest.substr(1));
  return t;
}

Result<uint32_t> role_of(std::string_view name) {
  static constexpr std::string_view kRoles[] = {"weight", "input", "state", "output", "temp"};  // infer_role
  for (uint32_t r = 0; r < std::size(kRoles); ++r)
    if (kRoles[r] == name) return r;
  return Status::invalid(str("there is no role '", name, "'"));
}

// Of all products w[n][k] x[t][k]: what the rounding of a sum of products is relative to. (The sums themselves may
// cancel, a single one even to nearly nothing.)
double products_power(quant::Type type, const Bytes& w, const Bytes& x, int64_t n_out, int64_t n_in) {
  const auto row = static_cast<size_t>(quant::row_bytes(type, static_cast<uint64_t>(n_in)));
  const std::vector<float> input = values_of<float>(x);
  std::vector<float> weights(static_cast<size_t>(n_in));
  std::vector<double> squares(static_cast<size_t>(n_in));  // of the weights, over all n
  for (int64_t n = 0; n < n_out; ++n) {
    quant::decode_row(type, w.data() + static_cast<size_t>(n) * row, weights.data(), n_in);
    for (size_t k = 0; k < weights.size(); ++k) squares[k] += double(weights[k]) * weights[k];
  }
  double power = 0;
  for (size_t i = 0; i < input.size(); ++i) power += double(input[i]) * input[i] * squares[i % squares.size()];
  return power;
}

class Maker {
 public:
  Maker(const Json& entry, const Scope& scope, const std::string& group)
      : entry_(entry), scope_(scope), streamed_(group == "streamed") {
    c_.group = group;
  }

  Result<Case> make() {
    TRY_SET(const std::string name, scope_.text(entry_.at("name").get<std::string>()));
    c_.name = c_.group == "ops" ? name : c_.group + " " + name;
    if (entry_.contains("tolerance")) {
      TRY_SET(c_.tolerance, scope_.number(entry_.at("tolerance")));
    }
    for (const auto& [symbol, most] : entry_.at("symbols").items()) {
      symbols_.push_back(symbol);
      TRY_SET(const int64_t value, scope_.whole(most));
      c_.symbol_max.push_back(value);
    }
    for (const auto& [label, text] : entry_.at("tensors").items())
      TRY(tensor(label, text).in(str("tensor '", label, "'")));
    for (size_t n = 0; n < entry_.at("nodes").size(); ++n) TRY(node(entry_.at("nodes")[n]).in(str("node ", n)));
    const Program program(c_);
    TRY(graph::check_program(program.c, nullptr));
    static const Json kOneRun = Json::array({Json::object()});
    const Json& runs = entry_.contains("runs") ? entry_.at("runs") : kOneRun;
    if (!runs.is_array() || runs.empty()) return Status::invalid("'runs' is no list of runs");
    for (size_t r = 0; r < runs.size(); ++r) TRY(run(runs[r]).in(str("run ", r)));
    if (streamed_) TRY(stream());
    if (entry_.contains("power")) TRY(power(entry_.at("power").get<std::string>()));
    return std::move(c_);
  }

 private:
  Status tensor(const std::string& label, const Json& text) {
    if (!text.is_string()) return Status::invalid("is no text");
    TRY_SET(const TensorText t, parse_tensor(texts_.emplace_back(text.get<std::string>())));
    double there = 1;
    if (!t.condition.empty()) {
      TRY_SET(there, evaluate(t.condition, scope_.lookup()));
    }
    if (there == 0) {
      ids_[label] = INFER_NONE;
      return {};
    }
    TRY_SET(const uint32_t role, role_of(t.role));
    TRY_SET(const uint32_t type, scope_.type(t.type));
    std::vector<int64_t> dims;
    for (std::string_view rest = t.dims; !rest.empty();) {
      const std::string_view dim = cut(rest, ",");
      const auto symbol = std::find(symbols_.begin(), symbols_.end(), dim);
      if (symbol != symbols_.end()) {
        dims.push_back(INFER_SYMBOL(symbol - symbols_.begin()));
      } else {
        TRY_SET(const int64_t n, evaluate_whole(dim, scope_.lookup()));
        if (n < 1) return Status::invalid(str("dimension '", dim, "' is ", n));
        dims.push_back(n);
      }
    }
    if (dims.empty() || dims.size() > INFER_MAX_RANK) return Status::invalid(str(dims.size(), " dimensions"));
    const bool filled = role == INFER_ROLE_WEIGHT || role == INFER_ROLE_INPUT;
    if (!filled && !t.fill.empty()) return Status::invalid("is filled, and neither a weight nor an input");
    if (role == INFER_ROLE_WEIGHT && t.fill.empty()) return Status::invalid("is a weight without a fill");
    const uint32_t id =
        c_.tensor(streamed_ && role == INFER_ROLE_WEIGHT ? uint32_t{INFER_ROLE_INPUT} : role, label, type, dims);
    ids_[label] = id;
    fills_[id] = t.fill;
    if (role != INFER_ROLE_WEIGHT) return {};
    if (streamed_) {
      c_.streamed.push_back(id);
      return {};
    }
    TRY_SET(c_.weights[id], fill(t.fill, type, dims, scope_.lookup()));
    return {};
  }

  Result<std::vector<uint32_t>> tensors(const Json& names) {
    if (!names.is_array()) return Status::invalid(str(names.dump(), " is no list of tensors"));
    std::vector<uint32_t> ids;
    for (const Json& name : names) {
      if (!name.is_string()) return Status::invalid(str(name.dump(), " names no tensor"));
      ids.push_back(INFER_NONE);
      const std::string all = name.get<std::string>();
      for (std::string_view rest = all; !rest.empty();) {  // "b|c": the one that is there
        const std::string_view one = cut(rest, "|");
        const auto found = ids_.find(one);
        if (found == ids_.end()) return Status::invalid(str("there is no tensor '", one, "'"));
        if (ids.back() == INFER_NONE) ids.back() = found->second;
      }
    }
    while (!ids.empty() && ids.back() == INFER_NONE) ids.pop_back();
    return ids;
  }

  Status node(const Json& j) {
    if (!j.is_object() || !j.contains("op")) return Status::invalid("needs 'op', 'in' and 'out'");
    const graph::OpInfo* info = nullptr;
    for (uint32_t kind = 1; kind < INFER_OP_COUNT; ++kind)
      if (j.at("op") == graph::op_name(kind)) info = graph::find_op(kind);
    if (!info) return Status::invalid(str("there is no operator ", j.at("op").dump()));
    Case::Node n{info->kind, {}, {}, {}, {}};
    size_t known = 3;  // keys that are no attributes
    if (!j.contains("in") || !j.contains("out")) return Status::invalid("needs 'in' and 'out'");
    TRY_SET(n.in, tensors(j.at("in")));
    TRY_SET(n.out, tensors(j.at("out")));
    for (const bool floats : {false, true}) {
      std::string_view names = floats ? info->floats : info->ints;
      for (names = trimmed(names); !names.empty(); names = trimmed(names), ++known) {
        const std::string name(names.substr(0, names.find(' ')));
        names.remove_prefix(name.size());
        if (!j.contains(name)) return Status::invalid(str(info->name, " needs '", name, "'"));
        if (floats) {
          TRY_SET(const double v, scope_.number(j.at(name)));
          n.f.push_back(v);
        } else {
          TRY_SET(const int64_t v, scope_.whole(j.at(name)));
          n.i.push_back(v);
        }
      }
    }
    if (j.size() != known)
      return Status::invalid(
          str(info->name, " has the attributes '", info->ints, " ", info->floats, "' and no others: ", j.dump()));
    c_.nodes.push_back(std::move(n));
    return {};
  }

  // Values of the whole input `id` once the symbols have those of `run`.
  Result<Bytes> content(uint32_t id, std::string_view text, const Run& run, uint64_t more) const {
    const infer_tensor& t = c_.tensors[id];
    std::vector<int64_t> dims(t.dim, t.dim + t.rank);
    for (int64_t& d : dims)
      if (d < 0) d = run.symbols[static_cast<size_t>(-1 - d)];
    return fill(text, t.type, dims, scope_.lookup(), more);
  }

  Result<Bytes> literal(uint32_t id, const Json& values, const Run& run) const {
    const infer_tensor& t = c_.tensors[id];
    int64_t needed = 1;
    for (uint32_t d = 0; d < t.rank; ++d)
      needed *= t.dim[d] < 0 ? run.symbols[static_cast<size_t>(-1 - t.dim[d])] : t.dim[d];
    if (std::cmp_not_equal(values.size(), needed))
      return Status::invalid(str(values.size(), " values for ", graph::shape_text(t), ", which needs ", needed));
    for (const Json& v : values) {
      const bool small = v.is_number() && std::abs(v.get<double>()) <= INT32_MAX;
      if (!v.is_number() || (t.type == INFER_TYPE_I32 && !(v.is_number_integer() && small)))
        return Status::invalid(str(v.dump(), " among its values"));
    }
    if (t.type == INFER_TYPE_I32) return bytes_of(values.get<std::vector<int32_t>>());
    if (t.type == INFER_TYPE_F32) return bytes_of(values.get<std::vector<float>>());
    return Status::invalid("only f32 and i32 can be listed");
  }

  Status symbols(const Json& j, Run& run) {
    if (j.contains("symbols")) {
      const Json& given = j.at("symbols");
      if (!given.is_array() || given.size() != symbols_.size())
        return Status::invalid("'symbols' is no list with a value for each");
      for (const Json& v : given) {
        TRY_SET(const int64_t value, scope_.whole(v));
        run.symbols.push_back(value);
      }
    } else {
      for (const std::string& s : symbols_) {
        TRY_SET(const int64_t value, evaluate_whole(s, scope_.lookup()));
        run.symbols.push_back(value);
      }
    }
    for (size_t i = 0; i < run.symbols.size(); ++i)
      if (run.symbols[i] < 1 || run.symbols[i] > c_.symbol_max[i])
        return Status::invalid(str("symbol ", symbols_[i], " is ", run.symbols[i], " of at most ", c_.symbol_max[i]));
    return {};
  }

  // What a run does not say of an input is as it was in the run before; in the first, the tensor's fill.
  Status run(const Json& j) {
    TRY(check_keys(j, {}, {"symbols", "inputs", "copies"}));
    Run run;
    TRY(symbols(j, run));
    static const Json kNone = Json::object();
    const Json& inputs = j.contains("inputs") ? j.at("inputs") : kNone;
    if (!inputs.is_object()) return Status::invalid("'inputs' is no object");
    for (const auto& [label, value] : inputs.items()) {
      const auto found = ids_.find(label);
      const auto wrong = [&](std::string_view what) { return Status::invalid(str("input '", label, "' ", what)); };
      if (found == ids_.end() || found->second == INFER_NONE || c_.tensors[found->second].role != INFER_ROLE_INPUT)
        return wrong("is none of the inputs");
      if (!value.is_string() && !value.is_array()) return wrong("is neither a fill nor a list");
      Result<Bytes> data = value.is_string() ? content(found->second, value.get<std::string>(), run, 0)
                                             : literal(found->second, value, run);
      TRY(data.status().in(str("input '", label, "'")));
      run.inputs[found->second] = data.take();
    }
    for (uint32_t id = 0; id < c_.tensors.size(); ++id) {
      if (c_.tensors[id].role != INFER_ROLE_INPUT || run.inputs.contains(id)) continue;
      if (!c_.runs.empty() &&
          std::cmp_equal(c_.runs.back().inputs.at(id).size(), bytes_needed(c_.tensors[id], run.symbols))) {
        run.inputs[id] = c_.runs.back().inputs.at(id);
        continue;
      }
      Result<Bytes> data = fills_.at(id).empty() ? Status::invalid("has no fill, and the run does not give it")
                                                 : content(id, fills_.at(id), run, 0);
      TRY(data.status().in(str("input '", c_.tensors[id].name, "'")));
      run.inputs[id] = data.take();
    }
    if (j.contains("copies")) TRY(copies(j.at("copies"), run));
    c_.runs.push_back(std::move(run));
    return {};
  }

  static Status copies(const Json& j, Run& run) {
    if (!j.is_array()) return Status::invalid("'copies' is no list");
    for (const Json& pair : j) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned() || !pair[1].is_number_unsigned())
        return Status::invalid(str("'copies': ", pair.dump(), " is not [from, to]"));
      run.copies.emplace_back(pair[0].get<int64_t>(), pair[1].get<int64_t>());
    }
    return {};
  }

  Status stream() {
    if (c_.runs.size() != 1) return Status::invalid("only cases of one run can be streamed");
    if (c_.streamed.empty()) return Status::invalid("has no weights to stream");
    c_.runs.resize(3, c_.runs[0]);
    for (const uint32_t id : c_.streamed) {
      TRY_SET(c_.runs[1].inputs[id], content(id, fills_.at(id), c_.runs[1], 1000));
    }
    return {};
  }

  Status power(std::string_view text) {
    const std::string_view what = cut(text, " if ");
    double wanted = 1;
    if (!trimmed(text).empty()) {
      TRY_SET(wanted, evaluate(text, scope_.lookup()));
    }
    if (wanted == 0) return {};
    const size_t comma = what.find(',');
    if (!what.starts_with("products(") || !what.ends_with(")") || comma == std::string_view::npos)
      return Status::invalid(str("'power': '", what, "' is not products(X, W)"));
    TRY_SET(const auto ids,
            tensors(Json::array({std::string(trimmed(what.substr(9, comma - 9))),
                                 std::string(trimmed(what.substr(comma + 1, what.size() - comma - 2)))})));
    if (ids.size() != 2 || c_.weights.count(ids[1]) == 0) return Status::invalid("'power': W is no weight");
    const infer_tensor &x = c_.tensors[ids[0]], &w = c_.tensors[ids[1]];
    if (x.type != INFER_TYPE_F32 || x.dim[x.rank - 1] != w.dim[1] || w.rank != 2)
      return Status::invalid("'power': W is no matrix that X is multiplied with");
    c_.power = products_power(static_cast<quant::Type>(w.type), c_.weights[ids[1]], c_.runs[0].inputs.at(ids[0]),
                              w.dim[0], w.dim[1]);
    return {};
  }

  const Json& entry_;
  const Scope& scope_;
  const bool streamed_;
  Case c_;
  std::vector<std::string> symbols_;
  std::list<std::string> texts_;                      // of tensors; fills_ points into it
  std::map<std::string, uint32_t, std::less<>> ids_;  // INFER_NONE: its condition is not met
  std::map<uint32_t, std::string_view> fills_;
};

}  // namespace

Status check_keys(const Json& object, std::initializer_list<std::string_view> needed,
                  std::initializer_list<std::string_view> allowed) {
  if (!object.is_object()) return Status::invalid(str(object.dump().substr(0, 60), " is no object"));
  for (const std::string_view key : needed)
    if (!object.contains(key)) return Status::invalid(str("'", key, "' is missing"));
  for (const auto& [key, value] : object.items()) {
    const auto is = [&k = key](std::string_view one) { return one == k; };
    if (std::none_of(needed.begin(), needed.end(), is) && std::none_of(allowed.begin(), allowed.end(), is))
      return Status::invalid(str("there is no key '", key, "'"));
  }
  return {};
}

Result<Case> make_case(const Json& entry, const Scope& scope, const std::string& group) {
  TRY(check_keys(entry, {"name", "symbols", "tensors", "nodes", "expand"}, {"about", "tolerance", "power", "runs"}));
  if (!entry.at("name").is_string() || !entry.at("symbols").is_object() || !entry.at("tensors").is_object() ||
      !entry.at("nodes").is_array() || (entry.contains("power") && !entry.at("power").is_string()))
    return Status::invalid("'name' and 'power' are texts, 'symbols' and 'tensors' objects, 'nodes' a list");
  Result<Case> made = Maker(entry, scope, group).make();
  if (made.ok()) TRY(scope.all_used());
  return made;
}

}  // namespace infer::conformance
