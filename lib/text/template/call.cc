#include "text/template/call.h"

namespace infer::text::jinja {

Status bind_into(const Args& args, const char* callee, const std::string_view* names, const Value** out, size_t n,
                 size_t required) {
  if (args.positional.size() > n) {
    return type_error(str(callee, " takes at most ", n, " arguments, ", args.positional.size(), " were given"));
  }
  for (size_t i = 0; i < args.positional.size(); i++) out[i] = &args.positional[i];
  for (const auto& [name, value, marks] : args.named) {
    size_t i = 0;
    while (i < n && names[i] != name) i++;
    if (i == n) return type_error(str(callee, " has no argument '", name.substr(0, 100), "'"));
    if (out[i]) return type_error(str(callee, " got its argument '", name, "' twice"));
    out[i] = &value;
  }
  for (size_t i = 0; i < required; i++) {
    if (!out[i]) return type_error(str(callee, " needs its argument '", names[i], "'"));
  }
  return {};
}

Result<Value> name_value(Meter& m, const NamedArg& a) {
  Builder out(m);
  out.add(a.name, a.marks);
  return out.finish();
}

Result<Value> invoke(const Entry& e, Meter& m, const Value& self, const Args& args) {
  if (e.bare && (!args.positional.empty() || !args.named.empty()))
    return type_error(str("'", e.name, "' takes no arguments"));
  return e.call(m, self, args);
}

Result<const Text*> need_text(const Value& v, const char* callee) {
  if (v.is_string()) return &v.text();
  if (v.is_undefined()) return type_error(why_undefined(v));
  return type_error(str(callee, " needs a string, not a '", type_name(v), "'"));
}

}  // namespace infer::text::jinja
