// bench_tokenize FILE TEXTS: encodes TEXTS once for each line on stdin, on one thread. For tests/bench/tokenizing.py.
//
// TEXTS: u32 length and bytes, again and again. Out, for each line: seconds of processor time, ids, FNV-1a of the ids,
// as one line.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>

#include "formats/model_file.h"
#include "text/tokenizer/tokenizer.h"

using namespace infer;

namespace {

int fail(const Status& s) {
  std::fprintf(stderr, "bench_tokenize: %s\n", std::string(s.message()).c_str());
  return 1;
}

std::vector<std::string> texts_of(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> texts;
  for (uint32_t n = 0; in.read(reinterpret_cast<char*>(&n), 4);) {
    texts.emplace_back(n, '\0');
    in.read(texts.back().data(), n);
  }
  return texts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail(Status::invalid("usage: bench_tokenize FILE TEXTS"));
  auto file = formats::open_model(argv[1]);
  if (!file.ok()) return fail(file.status());
  auto made = text::Tokenizer::create(std::make_shared<TokenizerData>((*file)->tokenizer()));
  if (!made.ok()) return fail(made.status());
  const std::vector<std::string> texts = texts_of(argv[2]);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::vector<int32_t>> all(texts.size());
    const std::clock_t start = std::clock();
    for (size_t i = 0; i < texts.size(); ++i) {
      if (const Status s = (*made)->encode(texts[i], false, false, all[i]); !s.ok()) return fail(s);
    }
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    uint64_t hash = 0xcbf29ce484222325u;
    size_t n = 0;
    for (const auto& ids : all) {
      for (const int32_t id : ids) hash = (hash ^ static_cast<uint32_t>(id)) * 0x100000001b3u;
      n += ids.size();
    }
    std::printf("%.9f %zu %llu\n", took, n, static_cast<unsigned long long>(hash));
    std::fflush(stdout);
  }
  return 0;
}
