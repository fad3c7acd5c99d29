// How others write values as text, where what is written is compared or read again: JSON's escapes, Python's floats.
#pragma once
#include <string>
#include <string_view>

namespace infer {

// Inside of the quotes, as Python's json.dumps(ensure_ascii=False) writes it.
void append_json_escaped(std::string& out, std::string_view text);

// repr(float) of Python: the shortest digits that read as v.
std::string python_float(double v);

}  // namespace infer
