// How a format reader says no: refuse<Refusal::dim_bad>(name, ...) fills the sentence of that line of refusals.def.
// Readers make no other Status of their own, so the table is the whole list, and a test can ask for each line of it.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "base/status.h"

namespace infer::formats {

enum class Refusal {
#define REFUSE(id, status, text, hint) id,
#include "formats/refusals.def"
#undef REFUSE
};

struct RefusalLine {
  std::string_view id;
  infer_status status;
  std::string_view text, hint;  // text: % stands for a detail
};
inline constexpr RefusalLine kRefusals[] = {
#define REFUSE(id, status, text, hint) {#id, INFER_E_##status, text, hint},
#include "formats/refusals.def"
#undef REFUSE
};

namespace detail {
Status fill(const RefusalLine& line, const std::string* details, size_t n);
}

template <Refusal R, class... A>
Status refuse(const A&... details) {
  constexpr const RefusalLine& line = kRefusals[static_cast<size_t>(R)];
  static_assert(std::ranges::count(line.text, '%') == sizeof...(A), "one detail for each % of the sentence");
  const std::string filled[sizeof...(A) + 1] = {str(details)...};
  return detail::fill(line, filled, sizeof...(A));
}

// Text from a file, made fit for a message: in quotes, unprintable bytes as \xNN, long ones cut.
std::string quoted(std::string_view text);

}  // namespace infer::formats
