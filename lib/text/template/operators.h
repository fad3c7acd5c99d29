// Python's operators on values: equality, order, arithmetic, membership, and how a value looks as text.
#pragma once
#include "text/template/builder.h"
#include "text/template/value.h"

namespace infer::text::jinja {

enum class Op : uint8_t { kAdd, kSub, kMul, kDiv, kFloorDiv, kMod, kPow, kEq, kNe, kLt, kLe, kGt, kGe, kIn, kNotIn };

Result<bool> equal(Meter&, const Value& a, const Value& b);
Result<bool> less(Meter&, const Value& a, const Value& b);  // a < b; TypeError where Python has no order
Result<bool> compare(Meter&, Op op, const Value& a, const Value& b);
Result<Value> arithmetic(Meter&, Op op, const Value& a, const Value& b);
Result<Value> negate(Meter&, const Value&, bool minus);
Result<bool> contains(Meter&, const Value& container, const Value& item);
Status check_hashable(Meter&, const Value&);  // may it be a key of a dict?

// str(): appends what {{ v }} prints.
void print(Builder&, Meter&, const Value&);
// repr(): as it looks inside a printed list.
void represent(Builder&, Meter&, const Value&);
// The value itself if it is a string, else str() of it.
Result<Value> to_string(Meter&, const Value&);

// Appends \xhh, \uhhhh or \Uhhhhhhhh, as repr() and ascii() write a character.
void hex_escape(char32_t, std::string& out);

// Appends the text with & < > ' " as HTML entities.
void escape(Builder&, const Text&);

// The first place of `needle` at or after `from`, npos if none. Counts its work, so that no pair of strings makes it
// slow.
Result<size_t> find(Meter&, std::string_view text, std::string_view needle, size_t from = 0);

std::string format_int(int64_t);

// `%` on strings, and the filter format.
Result<Value> format_percent(Meter&, const Value& format, const std::vector<Value>& args, const Value* named);

}  // namespace infer::text::jinja
