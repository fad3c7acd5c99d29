#include "base/file.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/unit/folder.h"
#ifndef _WIN32
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

using infer::File;
using infer::Folder;
using infer::write_file;
namespace fs = std::filesystem;

namespace {

std::string text(const File& f) { return {reinterpret_cast<const char*>(f.bytes().data()), f.bytes().size()}; }
std::span<const std::byte> bytes(const std::string& s) { return std::as_bytes(std::span(s)); }

bool says(const infer::Status& s, infer_status code, const char* part) {
  CAPTURE(std::string(s.message()));
  CHECK(s.code() == code);
  return s.message().find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("what was written is what is read") {
  const Folder dir;
  REQUIRE(write_file(dir / "a", bytes("hello")).ok());
  auto f = File::open(dir / "a");
  REQUIRE(f.ok());
  CHECK(text(**f) == "hello");
  CHECK((*f)->name() == dir / "a");
  (*f)->will_need((*f)->bytes().subspan(1, 2));
}

TEST_CASE("bytes are copied from anywhere in a file or a window of it, and not from beyond") {
  const Folder dir;
  REQUIRE(write_file(dir / "a", bytes("0123456789")).ok());
  const auto whole = File::open(dir / "a");
  const auto memory = File::from_memory("0123456789", 10);
  REQUIRE(whole.ok());
  std::string out(4, '?');
  const auto into = std::as_writable_bytes(std::span(out));
  for (const auto& f : {*whole, *memory}) {
    CHECK(f->read(3, into).ok());
    CHECK(out == "3456");
    CHECK(f->read(6, into).ok());
    CHECK(out == "6789");
    CHECK(f->read(10, {}).ok());
    CHECK(says(f->read(7, into), INFER_E_INVALID, "which has 10"));
    CHECK(says(f->read(-1, into), INFER_E_INVALID, "bytes [-1, +4)"));
    CHECK(says(f->read(INT64_MAX, into), INFER_E_INVALID, "which has 10"));
  }
#ifndef _WIN32
  const int fd = ::open((dir / "a").c_str(), O_RDONLY);
  const auto window = File::open_fd(fd, 2, 6);
  ::close(fd);
  REQUIRE(window.ok());
  CHECK((*window)->read(1, into).ok());
  CHECK(out == "3456");
  CHECK(says((*window)->read(3, into), INFER_E_INVALID, "which has 6"));
  fs::resize_file(dir / "a", 5);
  CHECK(says((*whole)->read(4, into), INFER_E_IO, "was cut to 5"));
#endif
}

TEST_CASE("writing replaces the old file whole, leaves no temporary, and the old mapping keeps the old bytes") {
  const Folder dir;
  REQUIRE(write_file(dir / "a", bytes("old")).ok());
  auto old = File::open(dir / "a");
  REQUIRE(old.ok());
#ifdef _WIN32  // a mapped file is not replaced; the refusal leaves it whole
  CHECK_FALSE(write_file(dir / "a", bytes("newer")).ok());
  CHECK(text(**old) == "old");
  (*old).reset();
#endif
  REQUIRE(write_file(dir / "a", bytes("newer")).ok());
#ifndef _WIN32
  CHECK(text(**old) == "old");
#endif
  CHECK(text(**File::open(dir / "a")) == "newer");
  CHECK(std::distance(fs::directory_iterator(dir.path), {}) == 1);
}

TEST_CASE("a path in UTF-8 opens") {
  const Folder dir;
  const std::string name = "mod\xc3\xa8le \xe6\xa8\xa1\xe5\x9e\x8b \xf0\x9f\x98\x80.gguf";
  REQUIRE(write_file(dir / name, bytes("x")).ok());
  CHECK(File::open(dir / name).ok());
}

TEST_CASE("each thing that is no readable file is refused by a sentence of its own") {
  const Folder dir;
  CHECK(says(File::open("").status(), INFER_E_INVALID, "path of the file is empty"));
  CHECK(says(File::open(std::string("a\0b", 3)).status(), INFER_E_INVALID, "zero byte"));
  CHECK(says(File::open(dir / "missing").status(), INFER_E_NOT_FOUND, "no such file"));
  CHECK(says(File::open(dir.path.string()).status(), INFER_E_INVALID, "is a directory"));
  std::ofstream(dir / "empty").close();
  CHECK(says(File::open(dir / "empty").status(), INFER_E_CORRUPT, "is empty"));
  CHECK_FALSE(File::open(dir / "missing").status().hint().empty());
#ifndef _WIN32
  CHECK(says(File::open(dir / "empty/x").status(), INFER_E_NOT_FOUND, "not a directory"));
  CHECK(says(File::open(dir / std::string(5000, 'x')).status(), INFER_E_INVALID, "too long"));
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(says(File::open(dir / "pipe").status(), INFER_E_INVALID, "not a regular file"));
  CHECK(says(File::open("/dev/null").status(), INFER_E_INVALID, "not a regular file"));
  REQUIRE(write_file(dir / "secret", bytes("x")).ok());
  fs::permissions(dir / "secret", fs::perms::none);
  const uid_t self = ::geteuid();  // root may read anything: step down for a moment
  if (self == 0) REQUIRE(::seteuid(65534) == 0);
  const auto denied = File::open(dir / "secret");
  if (self == 0) REQUIRE(::seteuid(0) == 0);
  CHECK(says(denied.status(), INFER_E_IO, "no permission"));
#endif
}

#ifndef _WIN32
TEST_CASE("a link is followed when the caller gave the path, and refused when the name was derived") {
  const Folder dir;
  REQUIRE(write_file(dir / "real", bytes("x")).ok());
  fs::create_symlink(dir / "real", dir / "link");
  CHECK(File::open(dir / "link").ok());
  CHECK(says(File::open(dir / "link", File::Links::kRefuse).status(), INFER_E_IO, "symbolic link"));
  CHECK(File::open(dir / "real", File::Links::kRefuse).ok());
}

TEST_CASE("a window of a descriptor is mapped at any offset and outlives the descriptor") {
  const Folder dir;
  std::string content(10000, ' ');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i % 26);
  REQUIRE(write_file(dir / "a", bytes(content)).ok());
  const int fd = ::open((dir / "a").c_str(), O_RDONLY);
  REQUIRE(fd >= 0);
  auto window = File::open_fd(fd, 4097, 100);
  auto rest = File::open_fd(fd, 9990, -1);
  CHECK(says(File::open_fd(fd, 9990, 11).status(), INFER_E_INVALID, "too few"));
  CHECK(says(File::open_fd(fd, 10001, -1).status(), INFER_E_INVALID, "outside"));
  CHECK(says(File::open_fd(fd, -1, -1).status(), INFER_E_INVALID, "outside"));
  CHECK(says(File::open_fd(fd, INT64_MAX, INT64_MAX).status(), INFER_E_INVALID, "outside"));
  CHECK(says(File::open_fd(fd, 10000, -1).status(), INFER_E_CORRUPT, "empty"));
  ::close(fd);
  REQUIRE(window.ok());
  REQUIRE(rest.ok());
  CHECK(text(**window) == content.substr(4097, 100));
  CHECK(text(**rest) == content.substr(9990));
  (*window)->will_need((*window)->bytes());
  CHECK(says(File::open_fd(-1, 0, -1).status(), INFER_E_INVALID, "not an open file"));
  int pipes[2];
  REQUIRE(::pipe(pipes) == 0);
  CHECK(says(File::open_fd(pipes[0], 0, -1).status(), INFER_E_INVALID, "not a regular file"));
  ::close(pipes[0]);
  ::close(pipes[1]);
}
#endif

TEST_CASE("memory is borrowed, and a null pointer, no bytes or a negative length are refused") {
  const std::string content = "abc";
  auto f = File::from_memory(content.data(), 3);
  REQUIRE(f.ok());
  CHECK(static_cast<const void*>((*f)->bytes().data()) == content.data());
  CHECK((*f)->name() == "memory");
  CHECK(says(File::from_memory(nullptr, 3).status(), INFER_E_INVALID, "null pointer"));
  CHECK(says(File::from_memory(content.data(), -1).status(), INFER_E_INVALID, "length of -1"));
  CHECK(says(File::from_memory(content.data(), 0).status(), INFER_E_CORRUPT, "empty"));
}

TEST_CASE("a file that cannot be written says why and leaves nothing behind") {
  const Folder dir;
  CHECK(says(write_file("", bytes("x")), INFER_E_INVALID, "empty"));
  CHECK(says(write_file(dir / "no/such", bytes("x")), INFER_E_NOT_FOUND, "cannot write"));
  fs::create_directories(dir / "folder");
  CHECK_FALSE(write_file(dir / "folder", bytes("x")).ok());
  CHECK(std::distance(fs::directory_iterator(dir.path), {}) == 1);
}
