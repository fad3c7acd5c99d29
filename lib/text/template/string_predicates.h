// The methods of Python's str that answer yes or no of all characters: isdigit() and its kin. None takes arguments.
#pragma once
#include "text/template/call.h"

namespace infer::text::jinja {

Result<Value> str_isdigit(Meter&, const Value& self, const Args&);
Result<Value> str_isalpha(Meter&, const Value& self, const Args&);
Result<Value> str_isspace(Meter&, const Value& self, const Args&);
Result<Value> str_isalnum(Meter&, const Value& self, const Args&);
Result<Value> str_isdecimal(Meter&, const Value& self, const Args&);
Result<Value> str_isnumeric(Meter&, const Value& self, const Args&);
Result<Value> str_isascii(Meter&, const Value& self, const Args&);
Result<Value> str_isprintable(Meter&, const Value& self, const Args&);
Result<Value> str_istitle(Meter&, const Value& self, const Args&);
Result<Value> str_isupper(Meter&, const Value& self, const Args&);
Result<Value> str_islower(Meter&, const Value& self, const Args&);

}  // namespace infer::text::jinja
