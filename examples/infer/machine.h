// The machine's own limits, measured: how fast it can read memory and multiply.
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace infer::tool {

struct Machine {
  std::string isa;  // instructions that the peaks were measured with
  int threads = 0;
  double read_per_s = 0;  // bytes, from memory
  double int8_per_s = 0;  // multiplications and additions of 8-bit numbers
  double f32_per_s = 0;   // multiplications and additions
};

// Measures again and again in the same memory, so that the machine can be watched while other things are timed.
// Between the calls it costs memory alone.
class Prober {
 public:
  explicit Prober(int threads);
  ~Prober();
  Machine measure();  // about a tenth of a second

 private:
  struct Block;
  int threads_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

std::string cpu_features();  // "avx2 fma avx512f": what the system reports, of what matters here

}  // namespace infer::tool
