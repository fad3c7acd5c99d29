// llama.cpp's programs in a folder, as somebody to measure beside: llama-bench for one request, llama-batched-bench for
// several, llama-completion from process start to first token. Each call runs a program to its end; nothing of it
// stays. The peer runs at its best: what it likes most of flash attention, micro-batch and threads is tried once per
// kind.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/child.h"
#include "print.h"
#include "speed.h"

namespace infer::tool {

class Peer {
 public:
  // Throws Failure when the folder has no llama-bench.
  Peer(const std::string& folder, const std::string& model, int threads, double most_seconds);

  // Can it do this, with the programs that are there?
  bool measures(bool prefill, const Shape& shape) const;
  bool starts() const;
  // Finds the settings for this kind of work; later calls with the same are free.
  void scout(bool prefill, const Shape& shape);
  Json settings(bool prefill, const Shape& shape) const;  // those found
  double rate(bool prefill, const Shape& shape);          // tokens per second, all requests together
  // One prompt and a few tokens of text: the process's peak memory.
  int64_t peak_bytes(int64_t prompt, int64_t generate);
  // From process start to its first token on stdout.
  Child start(const std::string& prompt);

 private:
  struct Choice {
    int flash = 1;
    int64_t micro_batch = 512;
    int threads = 1;
    double rate = 0;
  };
  using Key = std::vector<int64_t>;
  static Key key(bool prefill, const Shape& shape);
  const Choice& choice(bool prefill, const Shape& shape) const;
  bool has(const char* program) const;
  std::string path(const char* program) const;
  Child run(std::vector<std::string> words) const;
  Choice try_all(bool prefill, const Shape& shape, const std::vector<int>& flash, const std::vector<int64_t>& micro,
                 const std::vector<int>& threads);
  Choice batched(bool prefill, const Shape& shape, Choice c) const;

  std::string folder_, model_;
  int threads_;
  double most_seconds_;
  std::map<Key, Choice> choices_;
};

}  // namespace infer::tool
