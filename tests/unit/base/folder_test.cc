#include "base/folder.h"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>

#include "tests/unit/folder.h"

namespace infer {

namespace fs = std::filesystem;

TEST_CASE("a folder is made with those above it, once or again, and not in the place of a file") {
  const Folder folder;
  CHECK(make_folder(folder / "a/b/c").ok());
  CHECK(fs::is_directory(folder / "a/b/c"));
  CHECK(make_folder(folder / "a/b/c").ok());
  std::ofstream(folder / "file") << "x";
  CHECK(!make_folder(folder / "file/d").ok());
  CHECK(!make_folder("").ok());
}

TEST_CASE("names are listed in order, without those that every folder has") {
  const Folder folder;
  CHECK(list_folder(folder.path.string())->empty());
  for (const char* name : {"b", "a", "c"}) std::ofstream(folder / name) << "x";
  CHECK(*list_folder(folder.path.string()) == std::vector<std::string>{"a", "b", "c"});
  CHECK(list_folder(folder / "absent").status().code() == INFER_E_NOT_FOUND);
}

TEST_CASE("a file's size and age are told, and a touched file is young") {
  const Folder folder;
  std::ofstream(folder / "a") << "12345";
  CHECK(file_facts(folder / "a")->bytes == 5);
  fs::last_write_time(folder / "a", fs::file_time_type::clock::now() - std::chrono::hours(2));
  const int64_t hour = int64_t{3600} * 1'000'000'000;
  CHECK(file_facts(folder / "a")->age > 2 * hour - hour / 60);
  CHECK(file_facts(folder / "a")->age < 2 * hour + hour / 60);
  REQUIRE(touch_file(folder / "a").ok());
  CHECK(file_facts(folder / "a")->age < hour / 60);
  CHECK(!touch_file(folder / "absent").ok());
}

TEST_CASE("only a regular file has facts") {
  const Folder folder;
  std::ofstream(folder / "a") << "x";
  fs::create_symlink(folder / "a", folder / "link");
  CHECK(!file_facts(folder / "link").ok());
  CHECK(!file_facts(folder.path.string()).ok());
  CHECK(file_facts(folder / "absent").status().code() == INFER_E_NOT_FOUND);
}

TEST_CASE("files are removed") {
  const Folder folder;
  std::ofstream(folder / "a") << "x";
  REQUIRE(remove_file(folder / "a").ok());
  CHECK(fs::is_empty(folder.path));
  CHECK(remove_file(folder / "a").code() == INFER_E_NOT_FOUND);
}

}  // namespace infer
