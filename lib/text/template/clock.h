// strftime for templates: UTC, English names, no locale and no environment.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace infer::text::jinja {

// An unknown directive is an error that names it.
Result<std::string> format_time(int64_t seconds_since_epoch, std::string_view format);

}  // namespace infer::text::jinja
