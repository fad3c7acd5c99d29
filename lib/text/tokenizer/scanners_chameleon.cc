// Chameleon's chain begins with the texts that stand for images and masked spans.
#include "text/tokenizer/scanners.h"

namespace infer::text {
namespace {

// <sentinel:[0-9]+>
size_t match_sentinel(std::string_view s, size_t at) {
  constexpr std::string_view kBegin = "<sentinel:";
  if (!s.substr(at).starts_with(kBegin)) return at;
  const size_t first = at + kBegin.size();
  size_t end = first;
  while (end < s.size() && s[end] >= '0' && s[end] <= '9') ++end;
  return end > first && end < s.size() && s[end] == '>' ? end + 1 : at;
}

// (IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z
size_t match_image(std::string_view s, size_t at) {
  constexpr std::string_view kBegin = "IMGIMG";
  if (!s.substr(at).starts_with(kBegin)) return at;
  const size_t first = at + kBegin.size();
  size_t end = first;
  while (end < s.size() && end < first + 4 && s[end] >= 'A' && s[end] <= 'I') ++end;
  return end > first && end < s.size() && s[end] == 'Z' ? end + 1 : at;
}

// ([\t\n]|    |  )
size_t match_indent(std::string_view s, size_t at) {
  if (s[at] == '\t' || s[at] == '\n') return at + 1;
  for (const size_t n : {4, 2}) {
    if (s.substr(at, n) == std::string_view("    ", n)) return at + n;
  }
  return at;
}

}  // namespace

void split_sentinels(std::string_view s, PieceSink& out) { split_by<match_sentinel>(s, out); }
void split_images(std::string_view s, PieceSink& out) { split_by<match_image>(s, out); }
void split_indents(std::string_view s, PieceSink& out) { split_by<match_indent>(s, out); }

}  // namespace infer::text
