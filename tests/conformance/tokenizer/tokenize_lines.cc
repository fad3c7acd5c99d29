// tokenize_lines FILE [PRE]: encodes texts from stdin, one after another, and decodes them again. For compare.py.
//
// In:  u32 length, u8 flags (1: special tokens are recognised, 2: BOS and EOS are added), the text's bytes.
// Out: u32 n, n x i32 ids, u32 length, the decoded bytes (special tokens included).
// PRE stands in for the file's tokenizer.ggml.pre.
#include <cstdio>
#include <cstring>
#include <vector>

#include "formats/model_file.h"
#include "text/tokenizer/tokenizer.h"

using namespace infer;

namespace {

bool read_exactly(void* to, size_t n) { return std::fread(to, 1, n, stdin) == n; }
void write_u32(size_t v) {
  const uint32_t u = static_cast<uint32_t>(v);
  std::fwrite(&u, 4, 1, stdout);
}

int fail(const Status& s) {
  std::fprintf(stderr, "tokenize_lines: %s\n", std::string(s.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return fail(Status::invalid("usage: tokenize_lines FILE [PRE]"));
  auto file = formats::open_model(argv[1]);
  if (!file.ok()) return fail(file.status());
  auto data = std::make_shared<TokenizerData>((*file)->tokenizer());
  if (argc == 3) data->pre = argv[2];
  auto made = text::Tokenizer::create(data);
  if (!made.ok()) return fail(made.status());
  const auto tokenizer = made.take();

  uint32_t length = 0;
  uint8_t flags = 0;
  std::string in;
  std::vector<int32_t> ids;
  while (read_exactly(&length, 4) && read_exactly(&flags, 1)) {
    in.resize(length);
    if (!read_exactly(in.data(), length)) return fail(Status::invalid("the input ends inside a text"));
    ids.clear();
    if (const Status s = tokenizer->encode(in, (flags & 2) != 0, (flags & 1) != 0, ids); !s.ok()) return fail(s);
    const std::string back = tokenizer->decode(ids, true);
    write_u32(ids.size());
    std::fwrite(ids.data(), 4, ids.size(), stdout);
    write_u32(back.size());
    std::fwrite(back.data(), 1, back.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}
