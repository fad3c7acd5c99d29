// Paths on Windows: UTF-8 everywhere else, UTF-16 in its calls.
#pragma once
#ifdef _WIN32
#include <string>
#include <string_view>

#include "base/file.h"

namespace infer {

// Refuses what is empty, holds a zero byte or is not UTF-8. Long paths get the \\?\ prefix.
Result<std::wstring> wide(const std::string& path);
std::string utf8(std::wstring_view text);

// file: a HANDLE, which may be closed afterwards. length < 0: to the end.
Result<std::shared_ptr<const File>> map_file(void* file, const std::string& name, int64_t offset, int64_t length);

}  // namespace infer
#endif
