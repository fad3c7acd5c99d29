// What lies in a folder. (std::filesystem's iterator allocates inside noexcept functions: without memory it ends the
// process.)
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace infer {

// Names (not paths) of what lies in `folder`, sorted; without "." and "..". A folder that does not exist is
// E_NOT_FOUND.
Result<std::vector<std::string>> list_folder(const std::string& folder);

// Of a regular file; links are not followed.
struct FileFacts {
  int64_t bytes = 0;
  int64_t age = 0;  // nanoseconds since its time of modification
};
Result<FileFacts> file_facts(const std::string& path);

Status make_folder(const std::string& path);  // and those above it, for this user alone; fine when it is there
Status remove_file(const std::string& path);
Status touch_file(const std::string& path);  // modified now

}  // namespace infer
