// schema_lines VOCABULARY: JSON schemas and documents, from lines of JSON on stdin, to what becomes of them.
//
// In:  {"schema": "the schema's text", "documents": ["a document's text", ..]}, one line each.
// Out: {"refused": "why", "code": n}, or {"compile_us": t, "first_us": t, "documents": [{"accepted": true, "tokens":
//      [ids], "mask_us": [t, ..]}, ..]}; of a document that is not accepted the tokens before the one that may not
//      come.
// {"vocabulary": true} gives {"tokens": ["bytes in hexadecimal", ..], "ends": [ids]} instead.
//
// Times are the processor's, of this program, so that other programs beside it do not count. VOCABULARY: a GGUF file.
#include <array>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "formats/model_file.h"
#include "text/constraint/constraint.h"
#include "text/tokenizer/tokenizer.h"

using namespace infer;
using Json = nlohmann::ordered_json;

namespace {

int fail(const Status& s) {
  std::fprintf(stderr, "schema_lines: %s\n", std::string(s.message()).c_str());
  return 1;
}

double microseconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

struct Vocabulary {
  std::unique_ptr<const text::Tokenizer> tokenizer;
  std::vector<std::string> tokens;
  std::vector<int32_t> ends;
  std::shared_ptr<const text::TokenTrie> trie;

  explicit Vocabulary(std::unique_ptr<const text::Tokenizer> t) : tokenizer(std::move(t)) {
    tokens.resize(static_cast<size_t>(tokenizer->n_vocab()));
    for (int32_t id = 0; id < tokenizer->n_vocab(); ++id) {
      if (tokenizer->is_end(id)) ends.push_back(id);
      tokenizer->append_piece(id, false, false, tokens[static_cast<size_t>(id)]);
    }
    trie = std::make_shared<const text::TokenTrie>(tokens, ends);
  }
  Json describe() const {
    Json out{{"tokens", Json::array()}, {"ends", ends}};
    for (const std::string& t : tokens) {
      std::string hex;
      for (const char c : t) {
        constexpr char kDigits[] = "0123456789abcdef";
        hex += {kDigits[static_cast<uint8_t>(c) >> 4], kDigits[static_cast<uint8_t>(c) & 15]};
      }
      out["tokens"].push_back(hex);
    }
    return out;
  }
};

Json walk(const Vocabulary& v, text::Constraint& c, const std::string& document) {
  std::vector<int32_t> ids;
  if (!v.tokenizer->encode(document, false, false, ids).ok()) return {{"accepted", false}};
  Json out{{"accepted", true}, {"tokens", Json::array()}, {"mask_us", Json::array()}};
  text::Constraint::Place place;
  std::vector<uint32_t> mask(v.trie->words());
  for (const int32_t id : ids) {
    const double started = microseconds();
    c.mask(place, mask);
    out["mask_us"].push_back(microseconds() - started);
    const bool in_mask = (mask[static_cast<size_t>(id) / 32] >> id % 32 & 1) != 0;
    const bool accepted = c.accept(place, v.tokens[static_cast<size_t>(id)]);
    if (in_mask != accepted) out["contradicts"] = id;
    if (!accepted) return out["accepted"] = false, out;
    out["tokens"].push_back(id);
  }
  out["accepted"] = c.may_end(place);
  return out;
}

Json answer(const Vocabulary& v, const Json& in) {
  if (in.contains("vocabulary")) return v.describe();
  const std::array source{in.at("schema").get<std::string>()};
  const double started = microseconds();
  auto made = text::Constraint::compile(text::Constraint::Kind::kSchema, source, v.trie);
  if (!made.ok()) return {{"refused", std::string(made.status().message())}, {"code", made.status().code()}};
  const double compiled = microseconds();
  text::Constraint::Place place;
  std::vector<uint32_t> mask(v.trie->words());
  (*made)->mask(place, mask);
  Json out{{"compile_us", compiled - started}, {"first_us", microseconds() - compiled}, {"documents", Json::array()}};
  for (const auto& d : in.at("documents")) out["documents"].push_back(walk(v, **made, d.get<std::string>()));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail(Status::invalid("usage: schema_lines VOCABULARY"));
  auto file = formats::open_model(argv[1]);
  if (!file.ok()) return fail(file.status());
  auto made = text::Tokenizer::create(std::make_shared<TokenizerData>((*file)->tokenizer()));
  if (!made.ok()) return fail(made.status());
  const Vocabulary vocabulary(made.take());
  for (std::string line; std::getline(std::cin, line);) {
    const std::string out = answer(vocabulary, Json::parse(line)).dump(-1, ' ', false, Json::error_handler_t::replace);
    std::fprintf(stdout, "%s\n", out.c_str());
    std::fflush(stdout);
  }
  return 0;
}
