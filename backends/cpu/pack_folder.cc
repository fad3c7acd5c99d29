#include "backends/cpu/pack_folder.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/checked.h"
#include "base/folder.h"
#include "base/hash.h"

namespace infer::cpu {
namespace {

constexpr const char *kKept = ".pack", *kGrowing = ".packing";
constexpr int64_t kDay = int64_t{24} * 60 * 60 * 1'000'000'000;  // ns

}  // namespace

// No other process's: of the clock and of where this one's stack is. (Who is unlucky all the same is refused by
// make().)
std::string PackFolder::fresh_name(const std::string& name) const {
  const int64_t now = std::chrono::system_clock::now().time_since_epoch().count();
  const auto here = reinterpret_cast<uintptr_t>(&now);
  const Hash128 h = hash128(str(name, " ", now, " ", static_cast<uint64_t>(here)));
  return str(name.substr(0, 32), "-", h.hex().substr(0, 16), kGrowing);
}

Result<std::shared_ptr<const File>> PackFolder::open(const std::string& name) const {
  auto file = File::open(at(name), File::Links::kRefuse);
  if (file.ok()) (void)touch_file(at(name)).ok();  // a folder that cannot be written to serves as well
  return file;
}

Result<std::unique_ptr<NewFile>> PackFolder::take(const std::string& name) const {
  return NewFile::take(at(name), at(fresh_name(name)));
}

Result<std::unique_ptr<NewFile>> PackFolder::make(const std::string& name, int64_t bytes) const {
  TRY(make_folder(path_));
  TRY(make_room(name, bytes));
  return NewFile::make(at(fresh_name(name)), bytes);
}

Status PackFolder::make_room(const std::string& for_name, int64_t bytes) const {
  if (bytes > limit_)
    return Status(INFER_E_FULL, str("packed, this model takes ", bytes, " bytes; pack.limit is ", limit_));
  struct Kept {
    std::string name;
    int64_t bytes, age;
  };
  std::vector<Kept> kept;
  Size taken = bytes;
  TRY_SET(const std::vector<std::string> names, list_folder(path_));
  for (const std::string& name : names) {
    const bool growing = name.ends_with(kGrowing);
    if (!growing && !name.ends_with(kKept)) continue;
    const auto facts = file_facts(at(name));
    if (!facts.ok() || name == for_name) continue;  // gone, no file, or about to be replaced
    if (growing && facts->age > kDay) {
      (void)remove_file(at(name)).ok();  // abandoned
      continue;
    }
    taken = taken + Size(facts->bytes);
    if (!growing) kept.push_back({name, facts->bytes, facts->age});
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.age > b.age; });
  const auto limit = static_cast<uint64_t>(limit_);
  for (const Kept& k : kept) {
    if (taken.fits(limit)) break;
    if (remove_file(at(k.name)).ok()) taken = taken - Size(k.bytes);
  }
  if (taken.fits(limit)) return {};
  return Status(INFER_E_FULL, "files in the making, or that cannot be removed, leave no room for this one");
}

}  // namespace infer::cpu
