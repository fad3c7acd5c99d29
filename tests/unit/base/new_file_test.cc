#include "base/new_file.h"

#include <doctest/doctest.h>

#include "tests/unit/folder.h"

namespace infer {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }
std::string text_at(const std::string& path) {
  const auto file = File::open(path);
  REQUIRE(file.ok());
  return {reinterpret_cast<const char*>((*file)->bytes().data()), (*file)->bytes().size()};
}

}  // namespace

TEST_CASE("a new file is zeros, shows what is written, and has its name once it is given one") {
  const Folder folder;
  {
    auto made = NewFile::make(folder / "growing", 10000);
    REQUIRE_MESSAGE(made.ok(), made.status().message());
    const auto map = (*made)->map();
    REQUIRE(map.ok());
    CHECK((*map)->bytes().size() == 10000);
    CHECK((*map)->bytes()[9999] == std::byte{0});
    REQUIRE((*made)->write(9997, bytes_of("abc")).ok());
    CHECK((*map)->bytes()[9999] == std::byte{'c'});
    REQUIRE((*made)->rename(folder / "done").ok());
    CHECK(!fs::exists(folder / "growing"));
  }
  CHECK(text_at(folder / "done") == std::string(9997, '\0') + "abc");
}

TEST_CASE("a new file that got no other name is removed") {
  const Folder folder;
  { REQUIRE(NewFile::make(folder / "growing", 10).ok()); }
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("a new file replaces what has the name it is given, and takes no name that is there") {
  const Folder folder;
  REQUIRE(write_file(folder / "a", bytes_of("old")).ok());
  CHECK(NewFile::make(folder / "a", 3).status().code() == INFER_E_INVALID);
  CHECK(text_at(folder / "a") == "old");
  auto made = NewFile::make(folder / "b", 3);
  REQUIRE(made.ok());
  REQUIRE((*made)->write(0, bytes_of("new")).ok());
  REQUIRE((*made)->rename(folder / "a").ok());
  CHECK(text_at(folder / "a") == "new");
}

TEST_CASE("a file that exists is taken by one of two who try, and gone on with") {
  const Folder folder;
  REQUIRE(write_file(folder / "a", bytes_of("abc")).ok());
  auto file = NewFile::take(folder / "a", folder / "mine");
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  CHECK(NewFile::take(folder / "a", folder / "yours").status().code() == INFER_E_NOT_FOUND);
  CHECK(!fs::exists(folder / "a"));
  REQUIRE((*file)->write(1, bytes_of("X")).ok());
  REQUIRE((*file)->rename(folder / "a").ok());
  CHECK(text_at(folder / "a") == "aXc");
}

TEST_CASE("a link is taken away and not followed") {
  const Folder folder;
  REQUIRE(write_file(folder / "a", bytes_of("abc")).ok());
  fs::create_symlink(folder / "a", folder / "link");
  CHECK(!NewFile::take(folder / "link", folder / "mine").ok());
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  CHECK(text_at(folder / "a") == "abc");
}

TEST_CASE("what cannot be made, sized or renamed is answered, and leaves nothing") {
  const Folder folder;
  CHECK(!NewFile::make("", 1).ok());
  CHECK(!NewFile::make(folder / "absent/a", 1).ok());
  CHECK(!NewFile::make(folder / "a", -1).ok());
  CHECK(!NewFile::make(folder / "a", INT64_MAX).ok());
  {
    auto made = NewFile::make(folder / "a", 1);
    REQUIRE(made.ok());
    CHECK(!(*made)->rename(folder / "absent/b").ok());
  }
  CHECK(fs::is_empty(folder.path));
}

}  // namespace infer
