#include "text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace infer::tool {

std::vector<int32_t> encode(infer_model* model, std::string_view text, uint32_t flags) {
  // A token is at least one byte, but for BOS, EOS and a space put in front: rarely a second call.
  std::vector<int32_t> tokens(text.size() + 8);
  const auto len = static_cast<int64_t>(text.size());
  int64_t n = 0;
  infer_status s =
      infer_model_encode(model, text.data(), len, flags, tokens.data(), static_cast<int64_t>(tokens.size()), &n);
  if (s == INFER_E_FULL) {
    tokens.resize(static_cast<size_t>(n));
    s = infer_model_encode(model, text.data(), len, flags, tokens.data(), n, &n);
  }
  check(s);
  tokens.resize(static_cast<size_t>(n));
  return tokens;
}

std::string decode(infer_model* model, const std::vector<int32_t>& tokens, uint32_t flags) {
  const auto n_tokens = static_cast<int64_t>(tokens.size());
  int64_t n = 0;
  infer_status s = infer_model_decode(model, tokens.data(), n_tokens, flags, nullptr, 0, &n);
  if (s != INFER_E_FULL) check(s);
  std::string text(static_cast<size_t>(n), '\0');
  if (n > 0) check(infer_model_decode(model, tokens.data(), n_tokens, flags, text.data(), n, &n));
  return text;
}

std::string token_bytes(infer_model* model, int32_t token) {
  const char* bytes = nullptr;
  int64_t len = 0;
  check(infer_model_token(model, token, &bytes, &len));
  return std::string(bytes, static_cast<size_t>(len));
}

std::string read_text_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw Failure{"cannot open '" + path + "': " + std::strerror(errno), "give the path of a text file"};
  std::string text;
  char buffer[1 << 16];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, file.get())) text.append(buffer, n);
  if (std::ferror(file.get())) {
    throw Failure{"cannot read '" + path + "': " + std::strerror(errno), "give the path of a text file"};
  }
  return text;
}

}  // namespace infer::tool
