#include "text/tokenizer/pipeline/pre_tokenizer.h"

#include <algorithm>
#include <span>

#include "text/tokenizer/alphabet.h"
#include "text/tokenizer/scanners.h"

namespace infer::text::pipeline {
namespace {

constexpr size_t kMostSteps = 16;
constexpr std::ptrdiff_t kMostGrowing = 4;  // steps that make a piece longer: each may double it

// Each character that `is` accepts is a match.
template <class Is>
void split_at(Piece piece, Behavior behavior, Pieces& out, Is is) {
  Splitter splitter(piece, behavior, false, out);
  for (size_t at = 0; at < piece.text.size();) {
    const Char c = char_at(piece.text, at);
    if (is(c)) splitter.match(at, at + c.length);
    at += c.length;
  }
  splitter.finish();
}

// \w+|[^\w\s]+ of Rust, and nothing of what lies between.
void split_words(Piece piece, Pieces& out) {
  Splitter splitter(piece, Behavior::kRemoved, true, out);
  for (size_t at = 0; at < piece.text.size();) {
    const Char c = char_at(piece.text, at);
    size_t end = at + c.length;
    if (is_rust_word(c.value)) {
      end = run_of(piece.text, at, [](const Char& x) { return is_rust_word(x.value); });
      splitter.match(at, end);
    } else if (!c.is(kSpace)) {
      end = run_of(piece.text, at, [](const Char& x) { return !is_rust_word(x.value) && !x.is(kSpace); });
      splitter.match(at, end);
    }
    at = end;
  }
  splitter.finish();
}

uint32_t script_of(char32_t c) {
  const uint32_t* end = kFixedScripts + kFixedScriptCount;
  const uint32_t* row = std::upper_bound(kFixedScripts, end, c, [](char32_t v, uint32_t r) { return v < r >> 8; });
  return row[-1] & 0xFF;
}

// Where the script changes. What begins a text and is of any script goes with nothing: it is dropped, as tokenizers
// drops it.
void split_scripts(Piece piece, Pieces& out) {
  uint32_t last = 0;
  size_t begin = SIZE_MAX;
  for (size_t at = 0; at < piece.text.size();) {
    const Char c = char_at(piece.text, at);
    if (const uint32_t script = script_of(c.value); script != 0) {
      if (script != last) {
        if (begin != SIZE_MAX) out.take({piece.text.substr(begin, at - begin), piece.first && begin == 0});
        begin = at;
      }
      last = script;
    }
    at += c.length;
  }
  if (begin != SIZE_MAX) out.take({piece.text.substr(begin), piece.first && begin == 0});
}

void split_lengths(Piece piece, size_t length, Pieces& out) {
  for (size_t begin = 0, at = 0; begin < piece.text.size(); begin = at) {
    for (size_t i = 0; i < length && at < piece.text.size(); ++i) at += char_at(piece.text, at).length;
    out.take({piece.text.substr(begin, at - begin), piece.first && begin == 0});
  }
}

// From a hand-written scanner to the pieces of this file.
class Scanned final : public PieceSink {
 public:
  Scanned(Piece all, Pieces& out) : all_(all), out_(&out) {}
  void piece(std::string_view text) override { out_->take({text, all_.first && text.data() == all_.text.data()}); }

 private:
  Piece all_;
  Pieces* out_;
};

class Spelled final : public Pieces {
 public:
  explicit Spelled(Pieces& out) : out_(&out) {}
  void take(Piece piece) override { out_->take({spelled_in_alphabet(piece.text), piece.first}); }

 private:
  Pieces* out_;
};

Result<Behavior> behavior_of(const Spec& spec, std::string_view fallback) {
  TRY_SET(const std::string_view name, spec.text_of("behavior", fallback));
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  if (name == "Contiguous") return Behavior::kContiguous;
  return spec.member("behavior").unsupported(str("the behavior '", name, "' is not supported"));
}

}  // namespace

// Takes the pieces of a step and sends them through the steps after it.
class PreTokenizer::Next final : public Pieces {
 public:
  Next(const PreTokenizer& all, size_t step, Pieces& out) : all_(&all), step_(step), out_(&out) {}
  void take(Piece piece) override { all_->run_from(step_, piece, *out_); }

 private:
  const PreTokenizer* all_;
  size_t step_;
  Pieces* out_;
};

void PreTokenizer::run_from(size_t step, Piece piece, Pieces& out) const {
  if (step == steps_.size()) return out.take(piece);
  if (step + 1 == steps_.size()) return steps_[step].run(piece, out);
  Next next(*this, step + 1, out);
  steps_[step].run(piece, next);
}

void PreTokenizer::Step::run(Piece piece, Pieces& out) const {
  switch (kind) {
    case Kind::kByteLevel:
      return run_byte_level(piece, out);
    case Kind::kMetaspace:
      return run_metaspace(piece, out);
    case Kind::kSplit: {
      if (pattern->scanner() && behavior == Behavior::kIsolated && !invert) {
        Scanned scanned(piece, out);
        return pattern->scanner()(piece.text, scanned);
      }
      Splitter splitter(piece, behavior, invert, out);
      pattern->each_match(piece.text, [&](size_t begin, size_t end) { splitter.match(begin, end); });
      return splitter.finish();
    }
    case Kind::kWhitespace:
      return split_words(piece, out);
    case Kind::kWhitespaceSplit:
      return split_at(piece, Behavior::kRemoved, out, [](const Char& c) { return c.is(kSpace); });
    case Kind::kPunctuation:
      return split_at(piece, behavior, out, [](const Char& c) { return c.is(kPunctSplit); });
    case Kind::kDigits:
      return split_at(piece, behavior, out, [](const Char& c) { return c.is(kDigitSplit); });
    case Kind::kDelimiter: {
      const char32_t delimiter = decode_utf8(mark, 0).value;
      return split_at(piece, Behavior::kRemoved, out, [=](const Char& c) { return c.value == delimiter; });
    }
    case Kind::kScripts:
      return split_scripts(piece, out);
    case Kind::kFixedLength:
      return split_lengths(piece, length, out);
  }
}

void PreTokenizer::Step::run_byte_level(Piece piece, Pieces& out) const {
  std::string led;
  if (prepend == Prepend::kAlways && !piece.text.starts_with(' ')) {
    led.append(1, ' ').append(piece.text);
    piece.text = led;
  }
  Spelled spelled(out);
  if (!words) return spelled.take(piece);
  Scanned scanned(piece, spelled);
  split_gpt2(piece.text, scanned);
}

void PreTokenizer::Step::run_metaspace(Piece piece, Pieces& out) const {
  std::string text;
  text.reserve(piece.text.size() + piece.text.size() / 2 + mark.size());
  const bool leads = prepend == Prepend::kAlways || (prepend == Prepend::kFirst && piece.first);
  if (leads && !piece.text.starts_with(' ') && !piece.text.starts_with(mark)) text += mark;
  for (const char c : piece.text) {
    if (c == ' ') {
      text += mark;
    } else {
      text += c;
    }
  }
  piece.text = text;
  if (!words) return out.take(piece);
  Splitter splitter(piece, Behavior::kMergedWithNext, false, out);
  for (size_t at = 0; (at = piece.text.find(mark, at)) != std::string_view::npos; at += mark.size())
    splitter.match(at, at + mark.size());
  splitter.finish();
}

Result<PreTokenizer::Step> PreTokenizer::read_metaspace(const Spec& spec) {
  Step s{.kind = Kind::kMetaspace};
  TRY_SET(s.mark, spec.text_of("replacement"));
  if (s.mark.empty() || decode_utf8(s.mark, 0).length != s.mark.size())
    return spec.member("replacement").corrupt("this is not one character");
  TRY_SET(s.words, spec.flag_of("split", true));
  TRY_SET(const bool adds, spec.flag_of("add_prefix_space", true));  // older files
  TRY_SET(const std::string_view scheme, spec.text_of("prepend_scheme", adds ? "always" : "never"));
  if (scheme == "always") {
    s.prepend = Prepend::kAlways;
  } else if (scheme == "first") {
    s.prepend = Prepend::kFirst;
  } else if (scheme != "never") {
    return spec.member("prepend_scheme").unsupported(str("the scheme '", scheme, "' is not supported"));
  }
  return s;
}

Result<PreTokenizer::Step> PreTokenizer::read_one(const Spec& spec, std::string_view type) {
  if (type == "Metaspace") return read_metaspace(spec);
  if (type == "Whitespace") return Step{.kind = Kind::kWhitespace};
  if (type == "WhitespaceSplit") return Step{.kind = Kind::kWhitespaceSplit};
  if (type == "UnicodeScripts") return Step{.kind = Kind::kScripts};
  if (type == "ByteLevel") {
    Step s{.kind = Kind::kByteLevel};
    TRY_SET(const bool adds, spec.flag_of("add_prefix_space", true));
    TRY_SET(s.words, spec.flag_of("use_regex", true));
    if (adds) s.prepend = Prepend::kAlways;
    return s;
  }
  if (type == "Split") {
    Step s{.kind = Kind::kSplit};
    TRY_SET(s.pattern, Pattern::read(spec.member("pattern")));
    TRY_SET(s.behavior, behavior_of(spec, ""));
    TRY_SET(s.invert, spec.flag_of("invert", false));
    return s;
  }
  if (type == "Punctuation") {
    Step s{.kind = Kind::kPunctuation};
    TRY_SET(s.behavior, behavior_of(spec, "Isolated"));
    return s;
  }
  if (type == "Digits") {
    Step s{.kind = Kind::kDigits};
    TRY_SET(const bool each, spec.flag_of("individual_digits", false));
    s.behavior = each ? Behavior::kIsolated : Behavior::kContiguous;
    return s;
  }
  if (type == "CharDelimiterSplit") {
    Step s{.kind = Kind::kDelimiter};
    TRY_SET(s.mark, spec.text_of("delimiter"));
    if (s.mark.empty() || decode_utf8(s.mark, 0).length != s.mark.size())
      return spec.member("delimiter").corrupt("this is not one character");
    return s;
  }
  if (type == "FixedLength") {
    Step s{.kind = Kind::kFixedLength};
    TRY_SET(const int64_t length, spec.count_of("length", 1, 1 << 30, 5));
    s.length = static_cast<size_t>(length);
    return s;
  }
  return spec.unsupported(str("the pre-tokenizer '", type, "' is not supported"));
}

Status PreTokenizer::read_step(const Spec& spec, int depth, std::vector<Step>& out) {
  if (spec.absent()) return {};
  TRY_SET(const std::string_view type, spec.text_of("type"));
  if (type == "Sequence") {
    if (depth > 8) return spec.unsupported("sequences in sequences so deep are not supported");
    TRY_SET(const std::vector<Spec> parts, spec.list_of("pretokenizers"));
    for (const Spec& part : parts) TRY(read_step(part, depth + 1, out));
    return {};
  }
  if (out.size() >= kMostSteps) return spec.unsupported(str("more than ", kMostSteps, " steps are not supported"));
  if (type == "BertPreTokenizer") {
    out.push_back(Step{.kind = Kind::kWhitespaceSplit});
    out.push_back(Step{.kind = Kind::kPunctuation});
    return {};
  }
  TRY_SET(Step step, read_one(spec, type));
  out.push_back(std::move(step));
  const auto grows = [](const Step& s) { return s.kind == Kind::kByteLevel || s.kind == Kind::kMetaspace; };
  if (std::ranges::count_if(out, grows) > kMostGrowing)
    return spec.unsupported(str("more than ", kMostGrowing, " ByteLevel and Metaspace steps are not supported"));
  return {};
}

Result<PreTokenizer> PreTokenizer::read(const Spec& spec) {
  PreTokenizer out;
  TRY(read_step(spec, 0, out.steps_));
  return out;
}

}  // namespace infer::text::pipeline
