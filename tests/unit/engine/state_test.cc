// Saved prefixes: what they save, and what a hostile file may do.
#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <numeric>
#include <random>

#include "../folder.h"
#include "toy.h"

using namespace toy;
using namespace infer::engine;

namespace {

std::vector<int32_t> counted(int n, int32_t from = 0) {
  std::vector<int32_t> ids(static_cast<size_t>(n));
  std::iota(ids.begin(), ids.end(), from);
  return ids;
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// A file of the first tokens of `ids`, saved by an engine that has answered them.
std::string saved(const infer::Folder& folder, const std::vector<int32_t>& ids) {
  Bench b;
  collect(**b.engine->submit(task(ids, 1)));
  settle(*b.engine);
  const std::string path = folder / "state";
  const auto n = b.engine->save(ids, nullptr, path);
  REQUIRE(n.ok());
  CHECK(*n == static_cast<int64_t>(ids.size()));
  return path;
}

}  // namespace

TEST_CASE("another engine goes on behind a saved prefix: the same answer, nothing of it computed again") {
  const infer::Folder folder;
  const auto ids = counted(22);
  const std::string path = saved(folder, ids);
  Bench b;
  const auto restored = b.engine->restore(path, nullptr);
  REQUIRE(restored.ok());
  CHECK(*restored == ids);
  CHECK(counter(*b.engine, "pages.used") == 0);
  CHECK(counter(*b.engine, "pages.idle") == 6);
  auto longer = ids;
  longer.insert(longer.end(), {40, 41, 42});
  const auto r = *b.engine->submit(task(longer));
  CHECK(collect(*r).tokens == solo(longer));
  CHECK(r->usage().cached_tokens == 22);
  // A second time, and by the engine that has it: no pages are taken.
  settle(*b.engine);
  const int64_t idle = counter(*b.engine, "pages.idle");
  REQUIRE(b.engine->restore(path, nullptr).ok());
  CHECK(counter(*b.engine, "pages.idle") == idle);
}

TEST_CASE("what is saved is what the domain knows, and it comes back into the domain that is named") {
  const infer::Folder folder;
  const auto mine = std::make_shared<const std::string>("mine");
  Bench b;
  Task t = task(counted(10), 1);
  t.domain = mine;
  collect(**b.engine->submit(t));
  settle(*b.engine);
  CHECK(b.engine->save(counted(10), nullptr, folder / "a").status().code() == INFER_E_NOT_FOUND);
  auto more = counted(10);
  more.insert(more.end(), {49, 49, 49, 49, 49});
  CHECK(*b.engine->save(more, mine, folder / "a") == 10);
  Bench c;
  REQUIRE(c.engine->restore(folder / "a", mine).ok());
  const auto other = *c.engine->submit(task(counted(10), 2));
  collect(*other);
  CHECK(other->usage().cached_tokens == 0);
  t.max_tokens = 2;
  const auto own = *c.engine->submit(t);
  CHECK(collect(*own).tokens == solo(counted(10), 2));
  CHECK(own->usage().cached_tokens == 9);
}

TEST_CASE("pages that are being saved are seen as used, and only they, and only then") {
  const infer::Folder folder;
  Bench b;
  const auto ids = counted(22);
  collect(**b.engine->submit(task(ids, 1)));
  settle(*b.engine);
  std::vector<int64_t> used;
  b.executor->before_move = [&] { return used.push_back(counter(*b.engine, "pages.used")), Status(); };
  REQUIRE(b.engine->save(ids, nullptr, folder / "state").ok());
  CHECK(used == std::vector<int64_t>(6, 6));
  CHECK(counter(*b.engine, "pages.used") == 0);
}

TEST_CASE("requests go on while others save and restore") {
  const infer::Folder folder;
  const auto ids = counted(30);
  const std::string path = saved(folder, ids);
  Bench b;
  std::atomic<bool> stop{false};
  std::thread saver([&] {
    for (int i = 0; !stop; ++i) {
      const auto restored = b.engine->restore(path, nullptr);
      CHECK((restored.ok() || restored.status().code() == INFER_E_FULL));
      const auto n = b.engine->save(ids, nullptr, folder / "again");
      CHECK((n.ok() || n.status().code() == INFER_E_NOT_FOUND));
    }
  });
  for (int i = 0; i < 40; ++i) {
    auto own = ids;
    own.push_back(i);
    CHECK(collect(**b.engine->submit(task(own, 4))).tokens == solo(own, 4));
  }
  stop = true;
  saver.join();
  settle(*b.engine);
  CHECK(counter(*b.engine, "pages.used") == 0);
}

TEST_CASE("pages that running requests need are not taken for a restored prefix") {
  const infer::Folder folder;
  const std::string path = saved(folder, counted(40));
  Sizes s = sizes();
  s.n_pages = 16;
  Bench b(s);
  b.executor->before_run = [](int64_t) { return std::this_thread::sleep_for(std::chrono::milliseconds(5)), Status(); };
  auto r = *b.engine->submit(task(std::vector<int32_t>(50, 7), 12));
  const Piece* piece = nullptr;
  Status why;
  REQUIRE(r->next(-1, piece, why) == INFER_OK);
  REQUIRE(b.engine->pause().ok());
  CHECK(b.engine->restore(path, nullptr).status().code() == INFER_E_FULL);
  b.engine->resume();
  collect(*r);
  settle(*b.engine);
  CHECK(counter(*b.engine, "pages.used") == 0);
  CHECK(b.engine->restore(path, nullptr).ok());
}

TEST_CASE("a file that is cut, longer or changed in any byte is refused, and changes nothing") {
  const infer::Folder folder;
  const std::string path = saved(folder, counted(9)), whole = read(path);
  const std::string bad = folder / "bad";
  Bench b;
  const auto refused = [&](const std::string& bytes) {
    write(bad, bytes);
    const auto r = b.engine->restore(bad, nullptr);
    REQUIRE(!r.ok());
    const infer_status code = r.status().code();
    CHECK((code == INFER_E_CORRUPT || code == INFER_E_UNSUPPORTED));
    CHECK(!r.status().message().empty());
  };
  for (size_t n = 0; n < whole.size(); n += n < 160 ? 1 : 7) refused(whole.substr(0, n));
  refused(whole + "x");
  size_t padding = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 7}) {
      std::string other = whole;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      write(bad, other);
      const auto r = b.engine->restore(bad, nullptr);
      if (r.ok()) padding++;  // between the checksums and the pages
      if (r.ok()) CHECK(*r == counted(9));
    }
  }
  CHECK(padding <= 2 * 63);
  settle(*b.engine);
  CHECK(counter(*b.engine, "pages.used") == 0);
  CHECK(collect(**b.engine->submit(task(counted(9)))).tokens == solo(counted(9)));
}

TEST_CASE("random heads never do more than be refused") {
  const infer::Folder folder;
  const std::string path = saved(folder, counted(9)), whole = read(path);
  Bench b;
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = whole;
    for (int n = 1 + static_cast<int>(random() % 3); n > 0; --n) {
      const uint64_t values[] = {
          0, 1, UINT64_MAX, uint64_t{1} << 63, (uint64_t{1} << 63) - 1, random(), uint64_t{1} << 32};
      const uint64_t v = values[random() % 7];
      std::memcpy(bytes.data() + 16 + 8 * (random() % 6), &v, 8);
    }
    if (bytes == whole) continue;
    write(folder / "bad", bytes);
    CHECK(!b.engine->restore(folder / "bad", nullptr).ok());
  }
}

TEST_CASE("a state of another model, page or way of computing is refused by name") {
  const infer::Folder folder;
  const std::string path = saved(folder, counted(9));
  const auto message = [&](Sizes s, uint64_t model, uint64_t form) {
    Bench b(s, 50, nullptr, 0, model, form);
    const auto r = b.engine->restore(path, nullptr);
    REQUIRE(!r.ok());
    CHECK(r.status().code() == INFER_E_UNSUPPORTED);
    return std::string(r.status().message());
  };
  CHECK(message(sizes(), 1, 0).find("another model") != std::string::npos);
  CHECK(message(sizes(), 0, 1).find("computes in another way") != std::string::npos);
  Sizes s = sizes();
  s.page = 8;
  CHECK(message(s, 0, 0).find("kv.page") != std::string::npos);
  Bench few(sizes(), 5);
  CHECK(few.engine->restore(path, nullptr).status().code() == INFER_E_CORRUPT);  // token ids that it does not have
}

TEST_CASE("what cannot be read, written or moved is a failure of the call alone") {
  const infer::Folder folder;
  const auto ids = counted(9);
  Bench b;
  collect(**b.engine->submit(task(ids, 1)));
  settle(*b.engine);
  CHECK(b.engine->save(ids, nullptr, folder / "absent/state").status().code() == INFER_E_NOT_FOUND);
  CHECK(!b.engine->restore(folder / "absent", nullptr).ok());
  b.executor->before_move = [] { return Status(INFER_E_DEVICE_LOST, "gone"); };
  CHECK(b.engine->save(ids, nullptr, folder / "state").status().code() == INFER_E_DEVICE_LOST);
  CHECK(!std::ifstream(folder / "state").good());
  b.executor->before_move = nullptr;
  REQUIRE(b.engine->save(ids, nullptr, folder / "state").ok());
  Bench c;
  c.executor->before_move = [] { return Status(INFER_E_DEVICE_LOST, "gone"); };
  CHECK(c.engine->restore(folder / "state", nullptr).status().code() == INFER_E_DEVICE_LOST);
  CHECK(counter(*c.engine, "pages.used") == 0);
  CHECK(collect(**c.engine->submit(task(ids))).tokens == solo(ids));
}
