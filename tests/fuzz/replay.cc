// The main() of a fuzz target without a fuzzer: runs every file under the given paths once. A crash, or an input that
// takes longer than 10 seconds, fails it; so does finding no input at all.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fs = std::filesystem;

static void collect(const fs::path& path, std::vector<fs::path>& out) {
  if (fs::is_regular_file(path)) out.push_back(path);
  if (!fs::is_directory(path)) return;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file()) out.push_back(entry.path());
}

int main(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) collect(argv[i], files);
  double slowest = 0;
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    std::printf("%s\n", file.string().c_str());  // the last line names the input that crashed
    std::fflush(stdout);
    const auto start = std::chrono::steady_clock::now();
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    slowest = seconds > slowest ? seconds : slowest;
    if (seconds > 10) {
      std::printf("took %.1f s\n", seconds);
      return 1;
    }
  }
  std::printf("%zu inputs, the slowest took %.3f s\n", files.size(), slowest);
  return files.empty() ? 1 : 0;
}
