// Unicode normalisation, for the vocabularies whose tokenizers apply it before anything else.
#pragma once
#include <string>
#include <string_view>

namespace infer::text {

// Whether `s` (valid UTF-8) may differ from its NFC: false for nearly every text, found in one pass.
bool may_change_under_nfc(std::string_view s);
std::string nfc(std::string_view s);
// Form D: decomposed, marks in order.
std::u32string nfd(std::string_view s);

}  // namespace infer::text
