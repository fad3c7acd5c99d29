// infer tokenize FILE "text": text -> token ids, or with --tokens ids -> text.
#include <iostream>
#include <iterator>

#include "commands.h"
#include "print.h"
#include "process.h"
#include "session.h"
#include "text.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file, text;
  std::vector<int32_t> tokens;
  bool has_text = false, decode = false, plain = false, parse = false;
};

int tokenize(Arguments a) {
  if (a.has_text && a.decode) throw Failure{"text and --tokens exclude each other", "give one of them", kExitUsage};
  if (!a.has_text && !a.decode) {
    if (is_terminal(stdin))
      throw Failure{"there is no text", "infer tokenize FILE \"text\", or pipe it in", kExitUsage};
    a.text.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  const Session session = open_model(a.file, a.settings.options({"model.partial=true"}));
  infer_model* model = session.model.get();
  if (a.decode) {
    const std::string text = decode(model, a.tokens, a.plain ? 0 : INFER_DECODE_SPECIAL);
    if (a.settings.json) {
      put_json({{"tokens", a.tokens}, {"text", text}});
    } else {
      put_line(text);
    }
    return 0;
  }
  const uint32_t flags = (a.plain ? 0 : INFER_ENCODE_SPECIAL) | (a.parse ? INFER_ENCODE_PARSE : 0);
  const std::vector<int32_t> tokens = encode(model, a.text, flags);
  if (a.settings.json) {
    Json pieces = Json::array();
    for (const int32_t t : tokens) pieces.push_back(token_bytes(model, t));
    put_json({{"tokens", tokens}, {"pieces", pieces}, {"n_tokens", tokens.size()}});
    return 0;
  }
  for (const int32_t t : tokens) put_line(format("%8d  ", t) + quote(token_bytes(model, t)));
  put_line(format("%lld tokens", static_cast<long long>(tokens.size())));
  return 0;
}

}  // namespace

void add_tokenize(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("tokenize", "text to token ids, or back");
  add_file(sub, a->file);
  CLI::Option* text = sub.add_option("text", a->text, "the text; from standard input when left out");
  add_numbers(sub, "--tokens", a->tokens, "token ids to turn into text instead");
  sub.add_flag("--plain", a->plain, "without the tokens that the model wants around a text (BOS, EOS)");
  sub.add_flag("--parse", a->parse, "text that spells a control token becomes that token");
  a->settings.add_common(sub);
  sub.callback([a, text, &sub, &chosen] {
    a->has_text = text->count() > 0;
    a->decode = sub.count("--tokens") > 0;
    chosen = [a] { return tokenize(*a); };
  });
}

}  // namespace infer::tool
