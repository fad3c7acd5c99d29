#include "text/tokenizer/pipeline/decoder.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/tokenizer/alphabet.h"

namespace infer::text::pipeline {
namespace {

constexpr size_t kMostSteps = 16;
constexpr size_t kLongestInsert = 256;
constexpr size_t kMostGrowth = 4;  // of a token, beside one insert: what is longer is cut off

void replace_all(std::string& s, std::string_view what, std::string_view by) {
  if (what.empty()) return;
  std::string out;
  size_t done = 0;
  for (size_t at; (at = s.find(what, done)) != std::string::npos; done = at + what.size())
    out.append(s, done, at - done).append(by);
  s = out.append(s, done);
}

// The spaces that tokenization put into English.
void clean_up(std::string& s) {
  constexpr std::string_view kSpaced[][2] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                             {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                             {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [what, by] : kSpaced) replace_all(s, what, by);
}

}  // namespace

void Decoder::Step::apply(const Token& token, std::string& s, size_t most) const {
  switch (kind) {
    case Kind::kByteLevel: {
      std::string bytes;
      if (!token.added && append_spelled_bytes(s, bytes)) s = std::move(bytes);
      return;
    }
    case Kind::kWordPiece:
      if (!token.first && s.starts_with(text)) {
        s.erase(0, text.size());
      } else if (!token.first) {
        s.insert(0, " ");
      }
      if (cleanup) clean_up(s);
      return;
    case Kind::kMetaspace:
      if (token.first && prepends && s.starts_with(text)) s.erase(0, text.size());
      return replace_all(s, text, " ");
    case Kind::kBpe:  // the end of a word is a space, but for the last word: so it is written before what follows
      if (s.ends_with(text)) s.resize(s.size() - text.size());
      if (token.previous && token.previous->ends_with(text)) s.insert(0, " ");
      return;
    case Kind::kByteFallback:
      if (const int byte = byte_value(s); byte >= 0) s.assign(1, static_cast<char>(static_cast<uint8_t>(byte)));
      return;
    case Kind::kFuse:
      return;
    case Kind::kStrip: {
      if (whole && !token.first) return;
      std::string_view left = s;
      for (size_t i = 0; i < start && left.starts_with(text); ++i) left.remove_prefix(text.size());
      for (size_t i = 0; i < stop && left.ends_with(text); ++i) left.remove_suffix(text.size());
      s = std::string(left);
      return;
    }
    case Kind::kReplace: {
      std::string out;
      size_t done = 0;
      pattern->each_match(s, [&](size_t begin, size_t end) {
        if (out.size() > most) return;
        out.append(s, done, begin - done).append(text);
        done = end;
      });
      s = out.append(s, done);
      return;
    }
    case Kind::kCtc:
      if (token.previous == token.text) return s.clear();
      replace_all(s, text, "");
      if (!cleanup) return;
      clean_up(s);
      return replace_all(s, delimiter, " ");
    case Kind::kSpaces:
      if (!token.first) s.insert(0, " ");
      return;
  }
}

void Decoder::append(const Token& token, std::string& out) const {
  std::string s(token.text);
  const size_t most = s.size() * kMostGrowth + kLongestInsert;
  for (const Step& step : steps_) {
    step.apply(token, s, most);
    if (s.size() > most) s.resize(most);
  }
  out += s;
}

Result<Decoder::Step> Decoder::read_one(const Spec& spec, std::string_view type, bool fused) {
  const auto after_fuse = [&] {
    return spec.unsupported(
        str("the decoder '", type, "' behind 'Fuse' is not supported: it would have to see the whole text"));
  };
  if (type == "ByteFallback") return Step{.kind = Kind::kByteFallback};
  if (type == "Fuse") return Step{.kind = Kind::kFuse};
  if (type == "Strip") {
    Step s{.kind = Kind::kStrip, .whole = fused};
    TRY_SET(s.text, spec.text_of("content"));
    TRY_SET(const int64_t start, spec.count_of("start", 0, 1 << 20));
    TRY_SET(const int64_t stop, spec.count_of("stop", 0, 1 << 20));
    s.start = static_cast<size_t>(start), s.stop = static_cast<size_t>(stop);
    if (s.text.empty()) return spec.member("content").corrupt("this is empty");
    if (fused && (stop != 0 || start > 1)) return after_fuse();
    return s;
  }
  if (type == "Replace") {
    Step s{.kind = Kind::kReplace};
    TRY_SET(s.pattern, Pattern::read(spec.member("pattern")));
    TRY_SET(s.text, spec.text_of("content"));
    if (s.text.size() > kLongestInsert)
      return spec.member("content").unsupported(str("more than ", kLongestInsert, " bytes are not supported"));
    if (fused && !s.pattern->one_character()) return after_fuse();
    return s;
  }
  if (fused) return after_fuse();
  if (type == "ByteLevel") return Step{.kind = Kind::kByteLevel};
  if (type == "WordPiece") {
    Step s{.kind = Kind::kWordPiece};
    TRY_SET(s.text, spec.text_of("prefix", "##"));
    TRY_SET(s.cleanup, spec.flag_of("cleanup", true));
    return s;
  }
  if (type == "Metaspace") {
    Step s{.kind = Kind::kMetaspace};
    TRY_SET(s.text, spec.text_of("replacement"));
    TRY_SET(const bool adds, spec.flag_of("add_prefix_space", true));
    TRY_SET(const std::string_view scheme, spec.text_of("prepend_scheme", adds ? "always" : "never"));
    s.prepends = scheme != "never";
    return s;
  }
  if (type == "BPEDecoder") {
    Step s{.kind = Kind::kBpe};
    TRY_SET(s.text, spec.text_of("suffix", "</w>"));
    if (s.text.empty()) return spec.member("suffix").unsupported("an empty suffix is not supported");
    return s;
  }
  if (type == "CTC") {
    Step s{.kind = Kind::kCtc};
    TRY_SET(s.text, spec.text_of("pad_token", "<pad>"));
    TRY_SET(s.delimiter, spec.text_of("word_delimiter_token", "|"));
    TRY_SET(s.cleanup, spec.flag_of("cleanup", true));
    return s;
  }
  return spec.unsupported(str("the decoder '", type, "' is not supported"));
}

Status Decoder::read_step(const Spec& spec, int depth, std::vector<Step>& out) {
  TRY_SET(const std::string_view type, spec.text_of("type"));
  if (type == "Sequence") {
    if (depth > 8) return spec.unsupported("sequences in sequences so deep are not supported");
    TRY_SET(const std::vector<Spec> parts, spec.list_of("decoders"));
    for (const Spec& part : parts) TRY(read_step(part, depth + 1, out));
    return {};
  }
  if (out.size() >= kMostSteps) return spec.unsupported(str("more than ", kMostSteps, " steps are not supported"));
  const bool fused = std::ranges::any_of(out, [](const Step& s) { return s.kind == Kind::kFuse; });
  TRY_SET(Step step, read_one(spec, type, fused));
  out.push_back(std::move(step));
  return {};
}

Result<Decoder> Decoder::read(const Spec& spec) {
  Decoder out;
  if (spec.absent()) {
    out.steps_.push_back(Step{.kind = Kind::kSpaces});
  } else {
    TRY(read_step(spec, 0, out.steps_));
  }
  return out;
}

}  // namespace infer::text::pipeline
