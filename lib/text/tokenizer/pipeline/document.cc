// The reader takes nlohmann's events, so that nesting costs no recursion. While it is inside of model.vocab or
// model.merges it fills lists instead of the tree.
#include "text/tokenizer/pipeline/document.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace infer::text::pipeline {
namespace {

using Kind = Json::Kind;

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr size_t kDeepest = 64;
constexpr size_t kMostNodes = 400'000;  // of the tree: 130 bytes each; the largest published file has under 30,000
constexpr int32_t kMostTokens = 1 << 22;

class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Reader(std::string_view name) : name_(name) {}
  Document out;
  Status status;

  // Views can be made only when the text grows no more.
  void finish() {
    out.texts = std::make_unique<const std::string>(std::move(texts_));
    const std::string_view all = *out.texts;
    const auto view = [&](const Part& p) { return all.substr(p.at, p.length); };
    out.vocabulary.reserve(tokens_.size());
    for (const TokenPart& t : tokens_) out.vocabulary.push_back({view(t.text), t.id, t.score});
    out.merges.reserve(merges_.size());
    for (const MergePart& m : merges_) out.merges.push_back({view(m.left), view(m.right)});
  }

  bool null() override { return in_list() ? list_fails() : put({}); }
  bool boolean(bool v) override { return in_list() ? list_fails() : put({.kind = Kind::kBoolean, .truth = v}); }
  bool number_integer(number_integer_t v) override { return number(static_cast<double>(v), std::to_string(v)); }
  bool number_unsigned(number_unsigned_t v) override { return number(static_cast<double>(v), std::to_string(v)); }
  bool number_float(number_float_t v, const string_t& written) override { return number(v, written); }
  bool binary(binary_t&) override { return false; }

  bool string(string_t& v) override {
    if (list_ == List::kNone) return put({.kind = Kind::kString, .text = std::move(v)});
    if (list_ == List::kMerges && inner_ == 0) return joined_merge(v);
    if (inner_ == 1 && part_ < (list_ == List::kMerges ? 2u : 1u)) {
      (part_ == 0 ? first_ : second_) = store(v);
      ++part_;
      return true;
    }
    return list_fails();
  }

  bool key(string_t& v) override {
    if (list_ == List::kVocabulary) {
      first_ = store(v);
      return true;
    }
    open_.back().keys.push_back(std::move(v));
    return true;
  }

  bool start_object(size_t) override {
    if (in_list()) return list_fails();
    if (at_model("vocab")) return list_ = List::kVocabulary, put({});
    return open(Kind::kObject);
  }
  bool end_object() override {
    if (list_ == List::kVocabulary) return list_ = List::kNone, true;
    if (const auto twice = repeated_key(open_.back()))
      return fail(str(name_, " has the key \"", shortened(*twice), "\" twice in one object"));
    return close();
  }
  bool start_array(size_t) override {
    if (list_ == List::kScored || list_ == List::kMerges) {
      part_ = 0;
      return ++inner_ == 1 || list_fails();
    }
    if (list_ == List::kVocabulary) return list_fails();
    if (at_model("vocab")) return list_ = List::kScored, out.has_scores = true, put({});
    if (at_model("merges")) return list_ = List::kMerges, put({});
    return open(Kind::kArray);
  }
  bool end_array() override {
    if (list_ == List::kNone) return close();
    if (inner_ == 0) return list_ = List::kNone, true;
    --inner_;
    if (part_ != 2) return list_fails();
    if (list_ == List::kMerges) merges_.push_back({first_, second_});
    return true;
  }
  bool parse_error(size_t at, const std::string&, const nlohmann::detail::exception&) override {
    return fail(str(name_, " is not JSON: byte ", at, " is not what was expected"));
  }

 private:
  enum class List : uint8_t { kNone, kVocabulary, kScored, kMerges };
  struct Part {
    uint32_t at, length;  // in texts_
  };
  struct TokenPart {
    Part text;
    int32_t id;
    double score;
  };
  struct MergePart {
    Part left, right;
  };

  bool in_list() const { return list_ != List::kNone; }
  bool at_model(std::string_view key) const {
    return open_.size() == 2 && open_[0].kind == Kind::kObject && open_[1].kind == Kind::kObject &&
           open_[0].keys.back() == "model" && open_[1].keys.back() == key;
  }
  bool fail(std::string why) {
    if (status.ok()) status = Status::corrupt(std::move(why));
    return false;
  }
  bool list_fails() {
    if (list_ == List::kMerges) return fail(str(name_, ": model.merges[", merges_.size(), "] is not two texts"));
    return fail(str(name_, ": model.vocab: the entry after ", tokens_.size(), " is not a token"));
  }

  bool number(double v, const std::string& written) {
    if (list_ == List::kNone) return put({.kind = Kind::kNumber, .text = written});
    if (list_ == List::kScored && inner_ == 1 && part_ == 1) {
      ++part_;
      return add({first_, static_cast<int32_t>(tokens_.size()), v});
    }
    if (list_ != List::kVocabulary) return list_fails();
    if (!(v >= 0 && v < kMostTokens) || v != static_cast<int32_t>(v))
      return fail(str(name_, ": model.vocab: a token's id is ", v, "; ids are 0..", kMostTokens - 1));
    return add({first_, static_cast<int32_t>(v), 0});
  }
  bool add(TokenPart t) {
    if (tokens_.size() >= static_cast<size_t>(kMostTokens))
      return fail(str(name_, ": model.vocab has more than ", kMostTokens, " tokens"));
    tokens_.push_back(t);
    return true;
  }
  // "left right", as older files have it; lines of comment are left out.
  bool joined_merge(const std::string& v) {
    if (v.starts_with("#version")) return true;
    const size_t space = v.find(' ');
    if (space == std::string::npos || v.find(' ', space + 1) != std::string::npos) return list_fails();
    const Part all = store(v);
    const auto length = static_cast<uint32_t>(space);
    merges_.push_back({{all.at, length}, {all.at + length + 1, all.length - length - 1}});
    return true;
  }
  Part store(const std::string& v) {
    const Part p{static_cast<uint32_t>(texts_.size()), static_cast<uint32_t>(v.size())};
    texts_ += v;
    return p;
  }

  bool open(Kind kind) {
    if (open_.size() >= kDeepest) return fail(str(name_, " nests deeper than ", kDeepest, " levels"));
    if (++nodes_ > kMostNodes) return fail(str(name_, " has more than ", kMostNodes, " values beside its vocabulary"));
    open_.push_back({.kind = kind});
    return true;
  }
  bool close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    if (open_.empty()) {
      out.root = std::move(done);
    } else {
      open_.back().items.push_back(std::move(done));
    }
    return true;
  }
  bool put(Json v) {
    if (open_.empty()) return fail(str(name_, " is not a JSON object"));
    if (++nodes_ > kMostNodes) return fail(str(name_, " has more than ", kMostNodes, " values beside its vocabulary"));
    open_.back().items.push_back(std::move(v));
    return true;
  }

  const std::string_view name_;
  std::vector<Json> open_;
  size_t nodes_ = 0;
  std::string texts_;
  std::vector<TokenPart> tokens_;
  std::vector<MergePart> merges_;
  List list_ = List::kNone;
  size_t inner_ = 0, part_ = 0;  // levels inside of the list; parts read of its entry
  Part first_{}, second_{};
};

// The place of `wanted` below `at`, which is at `path`; false: it is not there. As deep as the file nests: kDeepest.
bool find_path(const Json& at, const Json* wanted, std::string& path) {
  if (&at == wanted) return true;
  const size_t length = path.size();
  for (size_t i = 0; i < at.items.size(); ++i) {
    if (at.kind == Kind::kArray) {
      path += str("[", i, "]");
    } else {
      path += str(path.empty() ? "" : ".", at.keys[i]);
    }
    if (find_path(at.items[i], wanted, path)) return true;
    path.resize(length);
  }
  return false;
}

}  // namespace

std::string Spec::path() const {
  std::string path;
  if (value_ && holder_) {
    find_path(*root_, value_, path);
  } else if (holder_) {
    find_path(*root_, holder_, path);
    path += str(path.empty() ? "" : ".", key_);
  }
  return path;
}

Status Spec::unsupported(std::string_view what) const { return Status::unsupported(str(path(), ": ", what)); }
Status Spec::corrupt(std::string_view what) const { return Status::corrupt(str(path(), ": ", what)); }

Spec Spec::member(std::string_view key) const {
  Spec out(*root_);
  out.holder_ = value_ ? value_ : holder_ ? holder_ : root_;
  out.key_ = key;
  out.value_ = value_ && value_->kind == Kind::kObject ? value_->find(key) : nullptr;
  return out;
}

Result<std::string_view> Spec::text_of(std::string_view key) const {
  const Spec m = member(key);
  if (!m.is(Kind::kString)) return m.corrupt(m.absent() ? "there is no such text" : "this is not a text");
  return m.text();
}
Result<std::string_view> Spec::text_of(std::string_view key, std::string_view fallback) const {
  if (member(key).absent()) return fallback;
  return text_of(key);
}
Result<bool> Spec::flag_of(std::string_view key, bool fallback) const {
  const Spec m = member(key);
  if (m.absent()) return fallback;
  if (!m.is(Kind::kBoolean)) return m.corrupt("this is not true or false");
  return m.value_->truth;
}
Result<int64_t> Spec::count(int64_t least, int64_t most) const {
  if (!is(Kind::kNumber)) return corrupt(absent() ? "there is no such number" : "this is not a number");
  double v = 0;
  std::from_chars(value_->text.data(), value_->text.data() + value_->text.size(), v);
  if (!(v >= static_cast<double>(least) && v <= static_cast<double>(most)) ||
      v != static_cast<double>(static_cast<int64_t>(v)))
    return corrupt(str("this is ", v, "; it can be ", least, " to ", most));
  return static_cast<int64_t>(v);
}
Result<int64_t> Spec::count_of(std::string_view key, int64_t least, int64_t most, int64_t fallback) const {
  if (member(key).absent()) return fallback;
  return count_of(key, least, most);
}
Result<std::vector<Spec>> Spec::list_of(std::string_view key) const {
  const Spec m = member(key);
  std::vector<Spec> out;
  if (m.absent()) return out;
  if (!m.is(Kind::kArray)) return m.corrupt("this is not a list");
  for (const Json& item : m.value_->items) {
    Spec one(*root_);
    one.holder_ = m.value_;
    one.value_ = &item;
    out.push_back(one);
  }
  return out;
}

Result<Document> read_document(std::string_view json, std::string_view name) {
  if (json.size() > kMostBytes)
    return Status::unsupported(str(name, " has ", json.size(), " bytes; at most ", kMostBytes, " are read"));
  Reader reader(name);
  const bool done = nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  TRY(reader.status);
  if (!done) return Status::corrupt(str(name, " is not JSON"));
  reader.finish();
  return std::move(reader.out);
}

}  // namespace infer::text::pipeline
