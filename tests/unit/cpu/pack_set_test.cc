// Sets in a folder, as one process or several have them. What a slot holds is always compared byte for byte.
#include <atomic>
#include <fstream>

#include "pack_bed.h"
#ifndef _WIN32
#include <signal.h>
#include <sys/resource.h>
#endif

namespace infer::cpu {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::milliseconds;

void age(const std::string& path, hours by) { fs::last_write_time(path, fs::file_time_type::clock::now() - by); }
void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
// Changes a byte of a file.
void damage(const std::string& path, int64_t at) {
  std::fstream f(path, std::ios::in | std::ios::out | std::ios::binary);
  f.seekg(at);
  const int c = f.get();
  f.seekp(at);
  f.put(static_cast<char>(c ^ 1));
}
bool noted(const char* part) { return packed_notes.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("weights are packed on the first start and read on the second") {
  const Folder folder;
  const PackWeights w;
  PackProcess first(folder / "new/packed");  // made with what is above it
  CHECK(first.run(w) == 6);
  CHECK(first.tensors == 6);
  CHECK(first.kept == 0);
  const Folder& dir = folder;
  CHECK(fs::exists(dir / ("new/packed/" + name_of(w))));
  CHECK(std::distance(fs::directory_iterator(dir / "new/packed"), {}) == 1);
  PackProcess second(folder / "new/packed");
  CHECK(second.run(w) == 6);
  CHECK(second.kept == 6);
  CHECK(second.refused == 0);
}

TEST_CASE("two plans of a device share one set, and the file is made once") {
  const Folder folder;
  const PackWeights w;
  PackProcess p(folder.path.string());
  const auto a = p.use(w), b = p.use(w);
  CHECK(&a->set() == &b->set());
  p.wait();
  CHECK(p.tensors == 6);
  CHECK(PackProcess::sound(*b, w) == 6);
}

TEST_CASE("when the plan whose weights are read goes, the work goes on with another's") {
  const Folder folder;
  PackProcess p(folder.path.string());
  const PackWeights w(1, 40);
  auto copy = std::make_unique<PackWeights>(1, 40);
  static std::atomic<int> calls;
  calls = 0;
  auto a = p.use(*copy, copy->sources([](const void*) {
    if (++calls > 20) std::this_thread::sleep_for(milliseconds(2));
    return 1;
  }));
  const auto b = p.use(w);
  while (calls < 25) std::this_thread::sleep_for(milliseconds(1));
  a.reset();
  copy.reset();  // its memory is gone: to read it would be the end
  p.wait();
  CHECK(PackProcess::sound(*b, w) == 40);
}

TEST_CASE("what was packed when the last plan goes is kept, and the next start goes on from there") {
  const Folder folder;
  const PackWeights w(1, 40);
  static std::atomic<int> calls;
  calls = 0;
  int64_t done = 0;
  {
    PackProcess first(folder.path.string());
    const auto use = first.use(w, w.sources([](const void*) {
      if (++calls > 10) std::this_thread::sleep_for(milliseconds(2));
      return 1;
    }));
    while (calls < 15) std::this_thread::sleep_for(milliseconds(1));
    done = first.tensors;
  }
  CHECK(done > 0);
  CHECK(done < 40);
  REQUIRE(names_in(folder) == std::vector<std::string>{name_of(w)});
  PackProcess second(folder.path.string());
  CHECK(second.run(w) == 40);
  CHECK(second.kept >= done);
  CHECK(second.kept < 40);
  CHECK(second.refused == 0);
  PackProcess third(folder.path.string());
  CHECK(third.run(w) == 40);
  CHECK(third.kept == 40);
  CHECK(names_in(folder) == std::vector<std::string>{name_of(w)});
}

TEST_CASE("a plan that goes before anything is packed leaves nothing") {
  const Folder folder;
  const PackWeights w;
  PackProcess p(folder.path.string());
  static std::atomic<bool> here, on;
  here = on = false;
  auto use = p.use(w, w.sources([](const void*) {
    here = true;
    while (!on) std::this_thread::sleep_for(milliseconds(1));
    std::this_thread::sleep_for(milliseconds(20));  // until the set was told to stop
    return 1;
  }));
  while (!here) std::this_thread::sleep_for(milliseconds(1));
  on = true;
  use.reset();
  CHECK(p.busy == 0);
  CHECK(names_in(folder).size() <= 1);  // one, half done, if the stop came late
  for (const std::string& name : names_in(folder)) CHECK(name == name_of(w));
}

TEST_CASE("a damaged tensor is found, and the file made anew") {
  const Folder folder;
  const PackWeights w;
  PackProcess(folder.path.string()).run(w);
  const PackFile f = *PackFile::of(w.items);
  for (const int64_t at : {f.entries()[3].at, f.entries()[3].at + w.items[3].bytes() - 1, f.entries()[0].at + 100}) {
    damage(folder / name_of(w), at);
    PackProcess p(folder.path.string());
    CHECK(p.run(w) == 6);
    CHECK(p.refused == 1);
    CHECK(noted("damaged"));
  }
  PackProcess last(folder.path.string());
  CHECK(last.run(w) == 6);
  CHECK(last.kept == 6);
}

TEST_CASE("any file in the place of ours is refused and replaced") {
  const Folder folder;
  const PackWeights w;
  PackProcess(folder.path.string()).run(w);
  const auto size = fs::file_size(folder / name_of(w));
  for (const std::string& garbage :
       {std::string("x"), std::string(size, '\0'), std::string(size, '\xff'), std::string(size / 2, 'a')}) {
    write(folder / name_of(w), garbage);
    PackProcess p(folder.path.string());
    CHECK(p.run(w) == 6);
    CHECK(p.kept == 0);
    CHECK(p.refused == 1);
  }
  write(folder / name_of(w), "");  // an empty file cannot even be mapped
  PackProcess p(folder.path.string());
  CHECK(p.run(w) == 6);
}

TEST_CASE("a file made from other weights of the same identity is refused before any slot is filled") {
  const Folder folder;
  const PackWeights old(1), now(2);
  REQUIRE(name_of(old) == name_of(now));
  PackProcess(folder.path.string()).run(old);
  PackProcess p(folder.path.string());
  CHECK(p.run(now) == 6);  // compared with the present weights
  CHECK(p.refused == 1);
  CHECK(p.kept == 0);
  CHECK(noted("other weights"));
  PackProcess again(folder.path.string());
  again.run(now);
  CHECK(again.kept == 6);
}

TEST_CASE("the folder stays below its limit: what was used longest ago goes, and only files of ours") {
  const Folder folder;
  const PackWeights a(1, 6, "a"), b(1, 6, "b"), c(1, 6, "c");
  const int64_t bytes = PackFile::of(a.items)->bytes(), limit = 2 * bytes + bytes / 2;
  write(folder / "mine.txt", std::string(static_cast<size_t>(3 * bytes), 'x'));
  PackProcess(folder.path.string(), limit).run(a);
  PackProcess(folder.path.string(), limit).run(b);
  age(folder / name_of(a), hours(2));
  age(folder / name_of(b), hours(3));
  PackProcess(folder.path.string(), limit).run(b);  // used: now a is the older one
  CHECK(PackProcess(folder.path.string(), limit).run(c) == 6);
  CHECK(!fs::exists(folder / name_of(a)));
  CHECK(fs::exists(folder / name_of(b)));
  CHECK(fs::exists(folder / name_of(c)));
  CHECK(fs::exists(folder / "mine.txt"));
}

TEST_CASE("a model above the limit is not packed, and nothing goes for it") {
  const Folder folder;
  const PackWeights a(1, 2, "a"), b(1, 6, "b");
  const int64_t limit = PackFile::of(b.items)->bytes() - 1;
  PackProcess(folder.path.string(), limit).run(a);
  PackProcess p(folder.path.string(), limit);
  CHECK(p.run(b) == 0);
  CHECK(noted("pack.limit"));
  CHECK(names_in(folder) == std::vector<std::string>{name_of(a)});
}

TEST_CASE("a file in the making that nobody wrote to for a day is removed, a younger one counts") {
  const Folder folder;
  const PackWeights w;
  write(folder / "old.packing", "x");
  write(folder / "young.packing", "x");
  age(folder / "old.packing", hours(25));
  age(folder / "young.packing", hours(23));
  CHECK(PackProcess(folder.path.string(), PackFile::of(w.items)->bytes()).run(w) == 0);
  CHECK(noted("no room"));
  CHECK(!fs::exists(folder / "old.packing"));
  CHECK(fs::exists(folder / "young.packing"));
  CHECK(PackProcess(folder.path.string(), PackFile::of(w.items)->bytes() + 1).run(w) == 6);
}

TEST_CASE("several processes that pack the same at once all end with the right bytes and one sound file") {
  const Folder folder;
  const PackWeights w(1, 24);
  for (int round = 0; round < 3; round++) {
    PackProcess a(folder.path.string()), b(folder.path.string()), c(folder.path.string());
    const auto in_a = a.use(w), in_b = b.use(w), in_c = c.use(w);
    a.wait();
    b.wait();
    c.wait();
    CHECK(PackProcess::sound(*in_a, w) == 24);
    CHECK(PackProcess::sound(*in_b, w) == 24);
    CHECK(PackProcess::sound(*in_c, w) == 24);
    CHECK(names_in(folder) == std::vector<std::string>{name_of(w)});
    if (round == 1) fs::remove(folder / name_of(w));
  }
}

TEST_CASE("a folder that cannot be made or written to only leaves the slots empty") {
  const Folder folder;
  const PackWeights w;
  write(folder / "file", "x");
  for (const std::string& path : {folder / "file", folder / "file/packed", std::string("/proc/packed")}) {
    PackProcess p(path);
    CHECK(p.run(w) == 0);
    CHECK(noted("not packed"));
  }
}

#ifndef _WIN32
TEST_CASE("what the disk has no room for is refused before it is written, and leaves nothing") {
  const Folder folder;
  const PackWeights w;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 10000;  // writing beyond it ends the process by a signal
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  PackProcess p(folder.path.string());
  CHECK(p.run(w) == 0);
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(noted("not packed"));
  CHECK(names_in(folder).empty());
}

TEST_CASE("a packed file that is cut short while it is mapped is let go before the next step") {
  const Folder folder;
  const PackWeights w;
  PackProcess p(folder.path.string());
  const auto use = p.use(w);
  p.wait();
  use->set().check();
  CHECK(PackProcess::sound(*use, w) == 6);
  fs::resize_file(folder / name_of(w), 4096);
  use->set().check();
  CHECK(PackProcess::sound(*use, w) == 0);
}
#endif

TEST_CASE("a model file that is cut short is not read any more") {
  const Folder folder;
  const PackWeights w;
  PackProcess p(folder.path.string());
  const auto use = p.use(w, w.sources([](const void*) { return 0; }));
  p.wait();
  use->set().check();
  CHECK(PackProcess::sound(*use, w) == 0);
  CHECK(noted("cut short"));
}

TEST_CASE("a link in the place of a packed file is not followed") {
  const Folder folder, elsewhere;
  const PackWeights w;
  PackProcess(elsewhere.path.string()).run(w);
  fs::create_symlink(elsewhere / name_of(w), folder / name_of(w));
  PackProcess p(folder.path.string());
  CHECK(p.run(w) == 6);
  CHECK(p.kept == 0);
  CHECK(fs::is_regular_file(fs::symlink_status(folder / name_of(w))));
}

}  // namespace infer::cpu
