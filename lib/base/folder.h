// The names in a folder. (std::filesystem's iterator allocates inside noexcept functions: without memory it ends the
// process.)
#pragma once
#include <string>
#include <vector>

#include "base/status.h"

namespace infer {

// Names (not paths) of what lies in `folder`, sorted; without "." and "..". A folder that does not exist is
// E_NOT_FOUND.
Result<std::vector<std::string>> list_folder(const std::string& folder);

}  // namespace infer
