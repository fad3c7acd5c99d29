#include "text/tokenizer/pipeline/pipeline.h"

#include <algorithm>

#include "base/utf8.h"

namespace infer::text::pipeline {
namespace {

constexpr size_t kLongestToken = 65535;  // bytes
constexpr size_t kMostAround = 64;       // parts of a template, and ids that stand around a text

// What the members of a tokenizer_config.json name.
struct NamedToken {
  std::string_view key;
  int32_t TokenizerData::*id;
};
constexpr NamedToken kNamed[] = {
    {"bos_token", &TokenizerData::bos},   {"eos_token", &TokenizerData::eos}, {"unk_token", &TokenizerData::unk},
    {"sep_token", &TokenizerData::sep},   {"pad_token", &TokenizerData::pad}, {"cls_token", &TokenizerData::cls},
    {"mask_token", &TokenizerData::mask},
};

// The chat template of a tokenizer_config.json: one, or the one of several that is named "default".
Result<std::string_view> chat_template_of(const Spec& config) {
  const Spec one = config.member("chat_template");
  if (one.is(Json::Kind::kString)) return one.text();
  TRY_SET(const std::vector<Spec> several, config.list_of("chat_template"));
  for (const Spec& s : several) {
    TRY_SET(const std::string_view name, s.text_of("name", ""));
    if (name == "default") return s.text_of("template");
  }
  return std::string_view();
}

// "</s>", or {"content": "</s>", ...}
std::string_view token_text(const Spec& spec) {
  if (spec.is(Json::Kind::kString)) return spec.text();
  const Spec content = spec.member("content");
  return content.is(Json::Kind::kString) ? content.text() : std::string_view();
}

// Takes pieces to the model.
class ModelPieces final : public Pieces {
 public:
  ModelPieces(const Model& model, std::vector<int32_t>& out) : model_(&model), out_(&out) {}
  void take(Piece piece) override { model_->append(piece.text, scratch_, *out_); }

 private:
  const Model* model_;
  std::vector<int32_t>* out_;
  Scratch scratch_;
};

// The lists of TokenizerData, from the vocabulary and the added tokens.
Status fill_tokens(const Document& document, const std::vector<AddedToken>& added, TokenizerData& data) {
  int32_t last = -1;
  for (const Document::Token& t : document.vocabulary) last = std::max(last, t.id);
  for (const AddedToken& t : added) last = std::max(last, t.id);
  data.tokens.assign(static_cast<size_t>(last + 1), {});
  data.types.assign(data.tokens.size(), TokenizerData::kNormal);
  const auto put = [&](std::string_view text, int32_t id) -> Status {
    std::string_view& place = data.tokens[static_cast<size_t>(id)];
    if (text.size() > kLongestToken)
      return Status::unsupported(str("token ", id, " has ", text.size(), " bytes; at most ", kLongestToken));
    if (!place.empty() && place != text)
      return Status::corrupt(str("tokenizer.json: '", place, "' and '", text, "' have the same id ", id));
    place = text;
    return {};
  };
  for (const Document::Token& t : document.vocabulary) TRY(put(t.text, t.id));
  for (const AddedToken& t : added) {
    TRY(put(t.text, t.id));
    data.types[static_cast<size_t>(t.id)] = t.special ? TokenizerData::kControl : TokenizerData::kUserDefined;
  }
  return {};
}

// What keeps the views of TokenizerData alive.
struct Backing {
  Document document;
  std::vector<AddedToken> added;
};

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::create(const TokenizerData& given) {
  auto backing = std::make_shared<Backing>();
  TRY_SET(backing->document, read_document(given.json, "tokenizer.json"));
  const std::shared_ptr<const Document> document(backing, &backing->document);
  if (document->spec("model").absent())
    return Status::corrupt("tokenizer.json has no model", "is it the file that tokenizers.Tokenizer.save() writes?");
  TRY_SET(std::unique_ptr<Vocabulary> vocabulary, Vocabulary::create(*document));
  TRY_SET(backing->added, read_added_tokens(*document, *vocabulary));

  auto data = std::make_shared<TokenizerData>();
  data->model = given.model;
  data->chat_template = given.chat_template;
  data->backing = backing;
  TRY(fill_tokens(*document, backing->added, *data));

  std::unique_ptr<Pipeline> made(new Pipeline(data, document));
  made->vocabulary_ = std::move(vocabulary);
  TRY_SET(made->normalizer_, Normalizer::read(document->spec("normalizer")));
  TRY_SET(made->pre_tokenizer_, PreTokenizer::read(document->spec("pre_tokenizer")));
  TRY_SET(made->decoder_, Decoder::read(document->spec("decoder")));
  TRY(made->read_post_processor(document->spec("post_processor"), 0));

  const auto find = [&](std::string_view text) -> int32_t {
    for (const AddedToken& t : backing->added) {
      if (t.text == text) return t.id;
    }
    return text.empty() ? -1 : made->vocabulary_->find_any(text);
  };
  if (!made->before_.empty()) data->bos = made->before_.front();
  if (!made->after_.empty()) data->eos = made->after_.back();
  if (!given.json_config.empty()) {
    TRY_SET(const Document config, read_document(given.json_config, "tokenizer_config.json"));
    const Spec root(config.root);
    for (const NamedToken& named : kNamed) {
      if (const int32_t id = find(token_text(root.member(named.key))); id >= 0) (*data).*named.id = id;
    }
    if (data->chat_template.empty()) {
      TRY_SET(data->chat_template, chat_template_of(root));
    }
  }
  if (const Spec unknown = document->spec("model").member("unk_token"); unknown.is(Json::Kind::kString))
    data->unk = find(unknown.text());
  if (document->has_scores && !document->spec("model").member("unk_id").absent()) {
    TRY_SET(const int64_t id, document->spec("model").count_of("unk_id", 0, made->n_vocab() - 1));
    data->unk = static_cast<int32_t>(id);
  }
  made->add_bos_ = !made->before_.empty() && made->before_.front() == data->bos;
  made->add_eos_ = !made->after_.empty() && made->after_.back() == data->eos;
  made->added_list_ = backing->added;
  return made;
}

Status Pipeline::finish() {
  std::vector<bool> control(static_cast<size_t>(n_vocab()));
  for (size_t id = 0; id < control.size(); ++id) control[id] = is_control(static_cast<int32_t>(id));
  // What is a control token by its name alone is found as those are that the file lists.
  std::vector<bool> listed(control.size());
  for (const AddedToken& t : added_list_) listed[static_cast<size_t>(t.id)] = true;
  for (size_t id = 0; id < control.size(); ++id) {
    if (control[id] && !listed[id])
      added_list_.push_back({.text = std::string(data_->tokens[id]),
                             .id = static_cast<int32_t>(id),
                             .special = true,
                             .normalized = false});
  }
  vocabulary_->forbid(control);
  TRY_SET(added_, AddedTokens::create(std::move(added_list_), control, normalizer_));
  TRY_SET(model_, Model::read(*document_, *vocabulary_));
  return {};
}

// What stands around a text. (tokenizers takes what one template made for a pair of texts when there is another.)
Status Pipeline::read_post_processor(const Spec& spec, int depth) {
  if (spec.absent()) return {};
  TRY_SET(const std::string_view type, spec.text_of("type"));
  if (type == "ByteLevel") return {};  // changes places only
  if (type == "Sequence") {
    if (depth > 8) return spec.unsupported("sequences in sequences so deep are not supported");
    TRY_SET(const std::vector<Spec> parts, spec.list_of("processors"));
    for (const Spec& part : parts) TRY(read_post_processor(part, depth + 1));
    return {};
  }
  if (!before_.empty() || !after_.empty()) return spec.unsupported("a second template is not supported");
  if (type == "TemplateProcessing") return read_template(spec);
  if (type != "BertProcessing" && type != "RobertaProcessing")
    return spec.unsupported(str("the post-processor '", type, "' is not supported"));
  for (const char* key : {"cls", "sep"}) {  // ["[CLS]", 101]
    TRY_SET(const std::vector<Spec> pair, spec.list_of(key));
    if (pair.size() != 2) return spec.member(key).corrupt("this is not a text and an id");
    TRY_SET(const int64_t id, pair[1].count(0, n_vocab() - 1));
    (key[0] == 'c' ? before_ : after_) = {static_cast<int32_t>(id)};
  }
  return {};
}

Status Pipeline::read_template(const Spec& spec) {
  bool seen = false;
  const auto too_many = [&] { return spec.unsupported(str("more than ", kMostAround, " parts or ids")); };
  TRY_SET(const std::vector<Spec> parts, spec.list_of("single"));
  if (parts.size() > kMostAround) return too_many();
  for (const Spec& part : parts) {
    if (!part.member("Sequence").absent()) {
      if (seen) return part.unsupported("a template that has its text twice is not supported");
      seen = true;
      continue;
    }
    TRY_SET(const std::string_view name, part.member("SpecialToken").text_of("id"));
    TRY_SET(const std::vector<Spec> ids, spec.member("special_tokens").member(name).list_of("ids"));
    if (before_.size() + after_.size() + ids.size() > kMostAround) return too_many();
    for (const Spec& id : ids) {
      TRY_SET(const int64_t value, id.count(0, n_vocab() - 1));
      (seen ? after_ : before_).push_back(static_cast<int32_t>(value));
    }
  }
  if (!seen) return spec.unsupported("a template without its text is not supported");
  return {};
}

Status Pipeline::encode_all(std::string_view text, bool more, std::span<const Range> trusted,
                            std::vector<int32_t>& out) const {
  const bool all = AddedTokens::all_trusted(text, trusted);
  for (const Stretch& s : added_->cut(text, trusted)) {
    if (s.id >= 0) {
      out.push_back(s.id);
    } else {
      TRY(encode_plain(text.substr(s.begin, s.end - s.begin), s.begin == 0 && !more, all, out));
    }
  }
  return {};
}

Status Pipeline::encode_plain(std::string_view text, bool first, bool trusted, std::vector<int32_t>& out) const {
  std::string normal;
  append_as_utf8(normal, text);
  TRY(normalizer_.apply(normal));
  ModelPieces pieces(*model_, out);
  for (const Stretch& s : added_->cut_normalized(normal, trusted)) {
    if (s.id >= 0) {
      out.push_back(s.id);
    } else {
      const std::string_view part = std::string_view(normal).substr(s.begin, s.end - s.begin);
      pre_tokenizer_.run({part, first && s.begin == 0}, pieces);
    }
  }
  return {};
}

void Pipeline::append_next(int32_t id, int32_t previous, bool special, bool first, std::string& out) const {
  const std::string_view token = data_->tokens[static_cast<size_t>(id)];
  if (token.empty() || (is_control(id) && !special)) return;
  const bool added = type(static_cast<size_t>(id)) != TokenizerData::kNormal;
  Decoder::Token t{token, added, first && previous < 0, std::nullopt};
  if (previous >= 0) t.previous = data_->tokens[static_cast<size_t>(previous)];
  decoder_->append(t, out);
}

}  // namespace infer::text::pipeline
