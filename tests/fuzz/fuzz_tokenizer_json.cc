// A tokenizer.json and, behind a NUL, a text: no crash, ids in range, no control token from untrusted text, streams
// that are UTF-8, bounded time.

// link: infer_tokenizer
#include <cstdlib>
#include <cstring>

#include "base/utf8.h"
#include "text/tokenizer/tokenizer.h"

using namespace infer;

static void require(bool held) {
  if (!held) std::abort();  // what the fuzzer reports
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(bytes), size);
  const size_t end = all.find('\0');
  const std::string_view text = end == std::string_view::npos ? "" : all.substr(end + 1);
  auto data = std::make_shared<TokenizerData>();
  data->model = "tokenizer.json";
  data->json = all.substr(0, end);
  if (text.size() % 4 == 3) data->json_config = data->json;
  const auto made = text::Tokenizer::create(data);
  if (!made.ok()) return 0;
  const text::Tokenizer& t = **made;
  for (const bool trusted : {false, true}) {
    std::vector<int32_t> ids;
    if (!t.encode(text, trusted, trusted, ids).ok()) continue;  // grows beyond measure
    for (const bool special : {false, true}) {
      std::string streamed;
      text::Detokenizer stream(t, special);
      for (const int32_t id : ids) {
        require(id >= 0 && id < t.n_vocab());
        require(trusted || !t.is_control(id) || id == t.data().unk);
        stream.feed(id, streamed);
        if (streamed.size() > (8u << 20)) break;
      }
      stream.finish(streamed);
      require(valid_utf8(streamed));
    }
  }
  return 0;
}
