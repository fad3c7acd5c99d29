// A fresh folder for one test, removed with what is in it.
#pragma once
#include <filesystem>
#include <random>
#include <string>

namespace infer {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::random_device random;
    do path = std::filesystem::temp_directory_path() / ("infer_test_" + std::to_string(random()));
    while (!std::filesystem::create_directory(path));
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

}  // namespace infer
