// Arguments of a call and how they meet parameters. Filters, tests, methods and functions are tables of these
// signatures.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/template/builder.h"
#include "text/template/value.h"

namespace infer::text::jinja {

struct NamedArg {
  std::string name;
  Value value;
  Marks marks = 0;  // of the name, which **dict may have taken from a chat
};
Result<Value> name_value(Meter&, const NamedArg&);

struct Args {
  std::vector<Value> positional;
  std::vector<NamedArg> named;
};

// Value of a filter, a test or a method: `self` is what stands left of it.
using Callable = Result<Value> (*)(Meter&, const Value& self, const Args&);
struct Entry {
  std::string_view name;
  Callable call;
  bool bare = false;  // it takes no arguments
};
inline constexpr bool kBare = true;

// Calls a row of a table of filters, tests or methods.
Result<Value> invoke(const Entry&, Meter&, const Value& self, const Args&);

// null when there is none of that name.
const Entry* find_filter(std::string_view name);
const Entry* find_test(std::string_view name);

Status bind_into(const Args&, const char* callee, const std::string_view* names, const Value** out, size_t n,
                 size_t required);

// Arguments in the order of the parameters; null where the caller gave none. Too many, unknown or missing ones are
// errors.
template <size_t N>
Result<std::array<const Value*, N>> bind(const Args& args, const char* callee, const std::string_view (&names)[N],
                                         size_t required = 0) {
  std::array<const Value*, N> out{};
  TRY(bind_into(args, callee, names, out.data(), N, required));
  return out;
}

// A string argument, with what was given instead in the error.
Result<const Text*> need_text(const Value&, const char* callee);

}  // namespace infer::text::jinja
