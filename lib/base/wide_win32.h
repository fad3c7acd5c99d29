// Paths on Windows: UTF-8 everywhere else, UTF-16 in its calls.
#pragma once
#ifdef _WIN32
#include <string>
#include <string_view>

#include "base/status.h"

namespace infer {

// Refuses what is empty, holds a zero byte or is not UTF-8. Long paths get the \\?\ prefix.
Result<std::wstring> wide(const std::string& path);
std::string utf8(std::wstring_view text);

}  // namespace infer
#endif
