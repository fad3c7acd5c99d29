// Split sets whose parts are missing, wrong, elsewhere or something else.
#include <filesystem>

#include "formats/gguf_writer.h"
#include "tests/unit/folder.h"
#include "tests/unit/formats/hostile/corpus.h"
#include "tests/unit/formats/hostile/raw.h"
#ifndef _WIN32
#include <sys/stat.h>
#endif

namespace infer::formats {
namespace {

namespace fs = std::filesystem;
const std::string kFirst = "m-00001-of-00002.gguf", kSecond = "m-00002-of-00002.gguf";

std::string part(uint16_t number, uint16_t count, int32_t tensors, const std::string& tensor) {
  Raw r;
  r.header(1, number == 0 ? 4 : 3);
  if (number == 0) r.key("general.architecture", "llama");
  r.key("split.no", kU16, number).key("split.count", kU16, count).key("split.tensors.count", kI32, tensors);
  return r.tensor(tensor, {16}, 0, 0).data(64).bytes;
}

void save(const std::string& path, const std::string& bytes) {
  (void)write_file(path, std::as_bytes(std::span(bytes)));
}

// A set of two; `spoil` changes the folder; then the file `open` in it is opened.
template <class F>
void set_of_two(const Visit& visit, const char* name, const char* expected, F spoil, const std::string& open = kFirst) {
  visit({name, expected, {}, [&] {
           const Folder dir;
           save(dir / kFirst, part(0, 2, 2, "a"));
           save(dir / kSecond, part(1, 2, 2, "b"));
           spoil(dir);
           return open_model(dir / open);
         }});
}

}  // namespace

void split_sets(const Visit& visit) {
  const auto first = [](const std::string& bytes) { return [=](const Folder& d) { save(d / kFirst, bytes); }; };
  const auto second = [](const std::string& bytes) { return [=](const Folder& d) { save(d / kSecond, bytes); }; };
  const auto nothing = [](const Folder&) {};

  set_of_two(visit, "a set of two", "ok", nothing);
  set_of_two(visit, "its second part opened", "split_not_first", nothing, kSecond);
  set_of_two(visit, "its second part is missing", "split_missing", [](const Folder& d) { fs::remove(d / kSecond); });
  set_of_two(visit, "its second part is the first (a cycle)", "split_number", second(part(0, 2, 2, "a")));
  set_of_two(visit, "its second part is of a set of three", "split_number", second(part(1, 3, 2, "b")));
  set_of_two(visit, "its second part says it is the third", "split_number", second(part(2, 2, 2, "b")));
  set_of_two(visit, "its second part has the number 2^16 - 1", "split_number", second(part(65535, 2, 2, "b")));
  set_of_two(visit, "its second part has the first one's tensor", "tensor_twice", second(part(1, 2, 2, "a")));
  set_of_two(visit, "its second part is no part", "key_missing", second(Raw().header(0, 0).bytes));
  set_of_two(visit, "its second part is text", "looks_text", second("not a model"));
  set_of_two(visit, "its second part is cut", "data_outside", second(part(1, 2, 2, "b").substr(0, 200)));
  set_of_two(visit, "its second part is empty", "file: is empty", second(""));
  set_of_two(visit, "its second part is a directory", "file: is a directory", [](const Folder& d) {
    fs::remove(d / kSecond);
    fs::create_directory(d / kSecond);
  });
#ifndef _WIN32
  set_of_two(visit, "its second part is a link", "file: symbolic link", [](const Folder& d) {
    fs::rename(d / kSecond, d / "elsewhere");
    fs::create_symlink(d / "elsewhere", d / kSecond);
  });
  set_of_two(visit, "its second part is a link to itself", "file: symbolic link", [](const Folder& d) {
    fs::remove(d / kSecond);
    fs::create_symlink(kSecond, d / kSecond);
  });
  set_of_two(visit, "its second part is a pipe", "file: not a regular file", [](const Folder& d) {
    fs::remove(d / kSecond);
    ::mkfifo((d / kSecond).c_str(), 0600);
  });
  set_of_two(visit, "its first part is a link", "ok", [](const Folder& d) {  // the caller's own choice
    fs::rename(d / kFirst, d / "elsewhere");
    fs::create_symlink(d / "elsewhere", d / kFirst);
  });
#endif
  set_of_two(visit, "the first part promises three tensors", "split_tensors", first(part(0, 2, 3, "a")));
  set_of_two(visit, "the first part promises a negative count", "key_out_of_range", first(part(0, 2, -1, "a")));
  set_of_two(visit, "the first part is of 3 by its keys and of 2 by its name", "split_name", first(part(0, 3, 2, "a")));
  set_of_two(visit, "a set of 1001", "key_out_of_range", first(part(0, 1001, 2, "a")));
  set_of_two(visit, "a set of 65535", "key_out_of_range", first(part(0, 65535, 2, "a")));
  set_of_two(visit, "a set of one", "ok", first(part(0, 1, 1, "a")));
  set_of_two(visit, "a set of none", "ok", first(part(0, 0, 1, "a")));
  set_of_two(
      visit, "another name", "split_name", [](const Folder& d) { fs::rename(d / kFirst, d / "m.gguf"); }, "m.gguf");
  set_of_two(
      visit, "no stem, one directory up and back", "ok",
      [](const Folder& d) {
        fs::create_directory(d / "sub");
        fs::rename(d / kFirst, d / "sub/-00001-of-00002.gguf");
        fs::rename(d / kSecond, d / "sub/-00002-of-00002.gguf");
      },
      "sub/../sub/-00001-of-00002.gguf");
  set_of_two(visit, "the parts in different directories", "split_missing", [](const Folder& d) {
    fs::create_directory(d / "sub");
    fs::rename(d / kSecond, d / ("sub/" + kSecond));
  });
  const auto keys = [](auto write) {
    Raw r;
    r.header(0, 4).key("general.architecture", "llama");
    write(r);
    return r.bytes;
  };
  set_of_two(visit, "a key that names a file elsewhere", "split_missing", [&](const Folder& d) {
    fs::rename(d / kSecond, d / "other.gguf");
    Raw r;
    r.header(0, 5).key("general.architecture", "llama").key("split.files", "../other.gguf");
    save(d / kFirst, r.key("split.no", kU16, uint16_t{0})
                         .key("split.count", kU16, uint16_t{2})
                         .key("split.tensors.count", kI32, 2)
                         .bytes);
  });
  set_of_two(visit, "split.count as a string", "key_wrong_type", first(keys([](Raw& r) {
               r.key("split.count", "2").key("split.no", kU16, uint16_t{0}).key("split.tensors.count", kI32, 1);
             })));
  set_of_two(visit, "split.no is missing", "key_missing", first(keys([](Raw& r) {
               r.key("split.count", kU16, uint16_t{2}).key("x", kU16, uint16_t{0}).key("split.tensors.count", kI32, 1);
             })));
  set_of_two(visit, "split.no is 2^63 - 1", "key_out_of_range", first(keys([](Raw& r) {
               r.key("split.count", kU16, uint16_t{2})
                   .key("split.no", kU64, uint64_t{INT64_MAX})
                   .key("split.tensors.count", kI32, 1);
             })));
  set_of_two(
      visit, "split.count is -1", "key_out_of_range", first(keys([](Raw& r) {
        r.key("split.count", kI32, int32_t{-1}).key("split.no", kU16, uint16_t{0}).key("split.tensors.count", kI32, 1);
      })));
  visit({"the first of two parts in memory", "split_from_memory", part(0, 2, 2, "a")});
  visit({"the second of two parts in memory", "split_not_first", part(1, 2, 2, "a")});
}

}  // namespace infer::formats
