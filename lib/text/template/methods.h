// Members of values: methods of strings, dicts and lists, and the attributes of loops, namespaces and ranges.
#pragma once
#include <span>

#include "text/template/call.h"

namespace infer::text::jinja {

// object.name as Python's getattr would find it (dict keys are not members). found = false: there is none.
Result<Value> member_of(Meter&, const Value& object, std::string_view name, bool& found);
Result<Value> call_method(Meter&, const Method&, const Args&);

// The tables. A row without a function is a method that Python has and templates may not use (it changes its object),
// or that this interpreter does not have; either is an error when called.
std::span<const Entry> string_methods();

// A method of strings by its Python name, on str() of the value: for the filters that are such methods.
Result<Value> string_method(Meter&, const Value& any, std::string_view name, const Args&);

// "{} and {name}".format(...); the names are those of a dict where there is one.
Result<Value> format_braces(Meter&, const Value& format, const Args&, const Dict* names = nullptr);

}  // namespace infer::text::jinja
