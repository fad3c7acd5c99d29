// The plugin as it is installed, where there may be no NVIDIA driver: it needs nothing but the system's own libraries,
// loads, and says what is missing.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "device/registry.h"

using namespace infer;

namespace {

std::string output_of(const std::string& command) {
  std::string all;
  FILE* const f = popen(command.c_str(), "r");
  REQUIRE(f);
  char piece[512];
  while (const size_t n = fread(piece, 1, sizeof piece, f)) all.append(piece, n);
  CHECK(pclose(f) == 0);
  return all;
}

}  // namespace

TEST_CASE("it needs the C library alone, and is small") {
  const std::string all = output_of("readelf -dW " INFER_CUDA_PLUGIN);
  int needed = 0;
  for (size_t at = all.find("(NEEDED)"); at != std::string::npos; at = all.find("(NEEDED)", at + 1)) {
    const size_t begin = all.find('[', at) + 1;
    const std::string name = all.substr(begin, all.find(']', begin) - begin);
    ++needed;
    CHECK_MESSAGE((name == "libc.so.6" || name == "libm.so.6" || name.starts_with("ld-linux")), name);
  }
  CHECK(needed > 0);
  CHECK(all.find("RUNPATH") == std::string::npos);
  CHECK(std::filesystem::file_size(INFER_CUDA_PLUGIN) < 10 << 20);
}

TEST_CASE("it loads, and no driver before its devices are wanted; then it says what is missing") {
  device::RegistryOptions options;
  options.folders = {std::filesystem::path(INFER_CUDA_PLUGIN).parent_path().string()};
  options.use = {"cuda"};
  auto r = device::Registry::create(options, {});
  REQUIRE(!r.ok());
  CHECK_MESSAGE(r.status().message().find("no driver was loaded") != std::string_view::npos, r.status().message());
  options.named = {"cuda"};
  r = device::Registry::create(options, {});
  if (r.ok()) {  // a GPU
    CHECK((*r)->devices()[0]->info().kind != INFER_DEV_EMULATED);
    return;
  }
  const std::string_view said = r.status().message();
  MESSAGE(std::string(said));
  CHECK((said.find("no NVIDIA driver is installed") != std::string_view::npos ||
         said.find("shows a device") != std::string_view::npos || said.find(" lacks ") != std::string_view::npos ||
         said.find("starting CUDA") != std::string_view::npos));
}
