// The functions that chat templates find: jinja2's own, and those that Hugging Face transformers adds.
#include "text/template/clock.h"
#include "text/template/interpreter.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

constexpr int64_t kLongestRange = 100'000;  // as jinja2's sandbox

Result<Value> f_range(Interpreter& i, const Args& args) {
  if (!args.named.empty() || args.positional.empty() || args.positional.size() > 3)
    return type_error("range takes 1 to 3 arguments");
  int64_t bounds[3] = {0, 0, 1};
  const size_t n = args.positional.size();
  for (size_t k = 0; k < n; k++) {
    TRY_SET(bounds[n == 1 ? 1 : k], need_int(args.positional[k], "an argument of range"));
  }
  const auto [start, stop, step] = bounds;
  if (step == 0) return type_error("the step of range cannot be zero");
  const __int128 span = static_cast<__int128>(stop) - start;
  const __int128 count = (step > 0) == (span > 0) && span != 0 ? (span + step - (step > 0 ? 1 : -1)) / step : 0;
  if (count > kLongestRange) {
    return Status::invalid(str("a range of the chat template is longer than ", kLongestRange),
                           "templates may count to that number at most");
  }
  TRY_SET(auto r, make<Range>(i.meter()));
  r->start = start;
  r->stop = stop;
  r->step = step;
  r->count = static_cast<int64_t>(count);
  return Value(Kind::kRange, std::move(r));
}

// Entries of a dict from arguments: an optional dict or list of pairs, then names.
Status collect_entries(Interpreter& i, const Args& args, const char* callee, auto&& take) {
  Meter& m = i.meter();
  if (args.positional.size() > 1) return type_error(str(callee, " takes at most one argument without a name"));
  if (!args.positional.empty() && args.positional[0].is(Kind::kDict)) {
    for (const auto& e : args.positional[0].dict().entries) TRY(take(e.key, e.value));
  } else if (!args.positional.empty()) {
    if (args.positional[0].is_undefined()) return type_error(why_undefined(args.positional[0]));
    TRY_SET(const Sequence pairs, Sequence::of(m, args.positional[0]));
    for (int64_t k = 0; k < pairs.size(); k++) {
      TRY_SET(const Value pair, pairs.at(m, k));
      TRY_SET(const std::vector<Value> two, Sequence::collect(m, pair));
      if (two.size() != 2) return type_error(str(callee, " needs pairs of a key and a value"));
      TRY(take(two[0], two[1]));
    }
  }
  for (const NamedArg& a : args.named) {
    TRY_SET(const Value key, name_value(m, a));
    TRY(take(key, a.value));
  }
  return {};
}

Result<Value> f_dict(Interpreter& i, const Args& args) {
  DictBuilder dict(i.meter());
  TRY(collect_entries(i, args, "dict", [&](const Value& k, const Value& v) { return dict.set(k, v); }));
  return dict.finish();
}

Result<Value> f_namespace(Interpreter& i, const Args& args) {
  TRY_SET(Value ns, i.new_namespace());
  TRY(collect_entries(i, args, "namespace", [&](const Value& k, const Value& v) -> Status {
    TRY_SET(const Text* name, need_text(k, "namespace"));
    return set_attribute(i.meter(), ns.as<Namespace>(), name->bytes, v);
  }));
  return ns;
}

Result<Value> f_cycler(Interpreter& i, const Args& args) {
  if (!args.named.empty() || args.positional.empty()) return type_error("cycler needs values to go through");
  TRY_SET(auto c, make<Cycler>(i.meter(), static_cast<int64_t>(args.positional.size() * sizeof(Value))));
  c->items = args.positional;
  c->depth = depth_of(c->items) + 1;
  TRY(check_depth(i.meter(), c->depth));
  return Value(Kind::kCycler, std::move(c));
}

Result<Value> f_lipsum(Interpreter&, const Args&) {
  return Status::unsupported("the function 'lipsum', which makes up text, is not supported");
}

Result<Value> f_joiner(Interpreter& i, const Args& args) {
  TRY_SET(const auto a, bind(args, "joiner", {"sep"}));
  TRY_SET(auto j, make<Joiner>(i.meter()));
  TRY_SET(j->separator, a[0] ? Result<Value>(*a[0]) : make_string(i.meter(), ", "));
  const Value v(Kind::kJoiner, std::move(j));
  TRY(check_depth(i.meter(), depth_of(v)));
  return v;
}

Result<Value> f_raise_exception(Interpreter& i, const Args& args) {
  TRY_SET(const auto a, bind(args, "raise_exception", {"message"}, 1));
  TRY_SET(const Value message, to_string(i.meter(), *a[0]));
  return i.raised(message.text().bytes);
}

Result<Value> f_strftime_now(Interpreter& i, const Args& args) {
  TRY_SET(const auto a, bind(args, "strftime_now", {"format"}, 1));
  TRY_SET(const Text* format, need_text(*a[0], "strftime_now"));
  TRY_SET(const std::string text, format_time(i.now(), format->bytes));
  Builder out(i.meter());
  out.add(text, all_marks(*format));
  return out.finish();
}

constexpr FunctionEntry kFunctions[] = {
    {"cycler", f_cycler},       {"dict", f_dict},
    {"joiner", f_joiner},       {"lipsum", f_lipsum},
    {"namespace", f_namespace}, {"raise_exception", f_raise_exception},
    {"range", f_range},         {"strftime_now", f_strftime_now},
};

}  // namespace

Status set_attribute(Meter& m, const Namespace& ns, std::string_view name, Value value) {
  if (name.starts_with('_')) return Status::invalid("names in a namespace may not begin with '_'");
  for (auto& [key, old] : ns.attributes) {
    if (key == name) return old = std::move(value), Status();
  }
  const int64_t bytes = static_cast<int64_t>(name.size() + 2 * sizeof(ns.attributes[0]));
  TRY(m.step(static_cast<int64_t>(ns.attributes.size())));
  TRY(m.grow(bytes));
  ns.room += bytes;
  ns.attributes.emplace_back(name, std::move(value));
  return {};
}

std::span<const FunctionEntry> global_functions() { return kFunctions; }

}  // namespace infer::text::jinja
