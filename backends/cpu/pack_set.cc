#include "backends/cpu/pack_set.h"

#include <algorithm>

#include "backends/cpu/packing.h"
#include "base/memory.h"

namespace infer::cpu {
namespace {

constexpr int32_t kDebug = 0, kInfo = 1;
constexpr size_t kMostNotes = 16;
constexpr size_t kPiece = size_t{1} << 20;  // bytes between two looks at stop_

std::span<const std::byte> source_bytes(const PackSource& source, const PackItem& item) {
  return {source.data, static_cast<size_t>(item.bytes())};
}

}  // namespace

PackSet::PackSet(PackFile file, const PackFolder& folder, PackCounters counters, const backend::Host& host)
    : empty_(std::move(file)),
      folder_(folder),
      counters_(counters),
      host_(host),
      slots_(std::make_unique<PackSlot[]>(empty_.items().size())) {}

// ---- plans ----------------------------------------------------------------------------------------------------------

void PackSet::enter(const PackSources& sources) {
  const std::lock_guard lock(mutex_);
  plans_.push_back(&sources);
  start();
}

void PackSet::leave(const PackSources& sources) noexcept {
  const std::lock_guard lock(mutex_);
  plans_.erase(std::find(plans_.begin(), plans_.end(), &sources));
  if (working_for_ == &sources) {
    stop();
    start();  // where others are left, for them
  }
  pass_notes();
}

void PackSet::start() noexcept {
  if (working_for_ || plans_.empty() || finished_) return;
  try {
    const PackSources* sources = plans_.front();
    counters_.busy->fetch_add(1, std::memory_order_relaxed);
    auto thread = Thread::start([this, sources] { run(*sources); });
    if (thread.ok()) {
      thread_ = thread.take();
      working_for_ = sources;
      return;
    }
    note(kInfo, str("weights are not packed: ", thread.status().message()));
  } catch (...) {
    note(kInfo, "weights are not packed: out of memory");
  }
  counters_.busy->fetch_sub(1, std::memory_order_relaxed);
}

void PackSet::stop() noexcept {
  stop_ = true;
  thread_.join();
  stop_ = false;
  working_for_ = nullptr;
}

void PackSet::check() noexcept {
  {
    const std::lock_guard lock(state_);
    const auto cut = [](const std::shared_ptr<const File>& f) {
      try {
        return !f->intact().ok();
      } catch (...) {
        return true;
      }
    };
    if (!withdrawn_ && std::any_of(files_.begin(), files_.end(), cut)) {
      withdrawn_ = true;
      stop_ = true;
      for (size_t i = 0; i < empty_.items().size(); i++) slots_[i].store(nullptr, std::memory_order_release);
    }
  }
  if (has_notes_.load(std::memory_order_relaxed)) pass_notes();
}

// ---- the thread -----------------------------------------------------------------------------------------------------

// It works while answers are computed, at a priority that leaves it about a tenth of a processor beside threads that
// compute, and all of an idle one: answers are hardly slower, and a server that is never idle gets its packed weights,
// too. (As a thread for idle times alone it would wait for ever there.)
void PackSet::run(const PackSources& sources) noexcept {
  lower_priority();
  bool stopped = false;
  try {
    const Status s = work(sources);
    stopped = s.code() == INFER_E_CANCELLED;
    if (!s.ok() && !stopped) note(kInfo, str("weights are not packed: ", s.message()));
  } catch (...) {
    note(kInfo, "weights are not packed: out of memory");
  }
  if (!stopped) finished_ = true;
  counters_.busy->fetch_sub(1, std::memory_order_relaxed);
}

Status PackSet::may_go_on(const PackSource& source) const {
  if (stop_.load(std::memory_order_relaxed)) return Status(INFER_E_CANCELLED, "");
  if (source.intact(source.file) != 1) return Status::io("the model file was cut short");
  return {};
}

Status PackSet::work(const PackSources& sources) {
  PackFile file = empty_;
  const std::string name = file.name();
  std::unique_ptr<NewFile> growing;
  const auto kept = folder_.open(name);
  if (kept.ok()) {
    const Status s = read_kept(*kept, sources, file);
    if (s.code() == INFER_E_CANCELLED) return s;
    if (!s.ok()) {
      counters_.refused->fetch_add(1, std::memory_order_relaxed);
      note(kInfo, str("'", folder_.path(), "/", name, "' is not used and made anew: ", s.message()));
    } else if (file.complete()) {
      note(kDebug, str("packed weights are read from '", folder_.path(), "/", name, "'"));
      return {};
    } else if (auto taken = folder_.take(name); taken.ok()) {
      growing = taken.take();
    }
  }
  if (!growing) {
    file = empty_;
    TRY_SET(growing, folder_.make(name, file.bytes()));
  }
  TRY_SET(const std::shared_ptr<const File> map, growing->map());
  if (map->bytes().size() != static_cast<uint64_t>(file.bytes())) return Status::corrupt("the file changed its size");
  hold(map);
  Status s;
  for (size_t i = 0; i < sources.size() && s.ok(); i++) {
    if (file.entries()[i].there) continue;
    uint64_t sum = 0;
    s = pack(i, sources[i], file, *growing, &sum);
    if (!s.ok()) break;
    file.set(i, hash_samples(source_bytes(sources[i], file.items()[i])), sum);
    publish(i, file.packed(i, map->bytes()), sources[i]);
  }
  if (!s.ok() && (s.code() != INFER_E_CANCELLED || file.empty())) return s;
  // Half a file is kept as well: the next start goes on with it.
  TRY(growing->write(0, file.header()));
  TRY(folder_.keep(*growing, name));
  if (s.ok()) note(kDebug, str("packed weights are kept in '", folder_.path(), "/", name, "'"));
  return s;
}

// Header, then samples of every source before the first slot is filled, then tensor after tensor.
Status PackSet::read_kept(const std::shared_ptr<const File>& kept, const PackSources& sources, PackFile& file) {
  TRY(kept->intact());
  PackFile found = file;
  TRY(found.read(kept->bytes()));
  for (size_t i = 0; i < sources.size(); i++) {
    TRY(may_go_on(sources[i]));
    if (found.entries()[i].there &&
        found.entries()[i].samples != hash_samples(source_bytes(sources[i], found.items()[i])))
      return Status::corrupt("it was made from other weights");
  }
  hold(kept);
  for (size_t i = 0; i < sources.size(); i++) {
    if (!found.entries()[i].there) continue;
    Hash hash;
    const auto packed = found.packed(i, kept->bytes());
    for (size_t at = 0; at < packed.size(); at += kPiece) {
      TRY(may_go_on(sources[i]));
      TRY(kept->intact());
      hash.add(packed.subspan(at, std::min(kPiece, packed.size() - at)));
    }
    if (hash.value() != found.entries()[i].sum) return Status::corrupt("a tensor in it is damaged");
    if (publish(i, packed, sources[i])) counters_.kept->fetch_add(1, std::memory_order_relaxed);
  }
  file = std::move(found);
  return {};
}

Status PackSet::pack(size_t i, const PackSource& source, const PackFile& file, NewFile& into, uint64_t* sum) {
  const PackItem& item = file.items()[i];
  const int64_t tile = kPackedRows * item.row_bytes;
  const int64_t tiles_each = std::max<int64_t>(1, static_cast<int64_t>(kPiece) / tile);
  const int64_t rows_each = std::min(tiles_each * kPackedRows, item.rows);
  std::vector<std::byte> piece(static_cast<size_t>(rows_each * item.row_bytes));
  Hash hash;
  for (int64_t row = 0; row < item.rows; row += rows_each) {
    TRY(may_go_on(source));
    const int64_t rows = std::min(rows_each, item.rows - row), at = row * item.row_bytes;
    pack_rows(item.type, item.row_bytes, reinterpret_cast<const uint8_t*>(source.data) + at, 0, rows,
              reinterpret_cast<uint8_t*>(piece.data()));
    const auto bytes = std::span<const std::byte>(piece).first(static_cast<size_t>(rows * item.row_bytes));
    hash.add(bytes);
    TRY(into.write(file.entries()[i].at + at, bytes));
  }
  *sum = hash.value();
  return {};
}

bool PackSet::publish(size_t i, std::span<const std::byte> packed, const PackSource& source) {
  bool fill = false;
  {
    const std::lock_guard lock(state_);
    if (withdrawn_) return false;
    fill = !slots_[i].load(std::memory_order_relaxed);
    if (fill) slots_[i].store(reinterpret_cast<const uint8_t*>(packed.data()), std::memory_order_release);
  }
  if (fill) counters_.tensors->fetch_add(1, std::memory_order_relaxed);
  forget_mapped(source_bytes(source, empty_.items()[i]));
  return fill;
}

void PackSet::hold(std::shared_ptr<const File> file) {
  const std::lock_guard lock(state_);
  files_.push_back(std::move(file));
}

void PackSet::note(int32_t level, std::string_view text) noexcept {
  try {
    const std::lock_guard lock(state_);
    if (notes_.size() >= kMostNotes) return;
    notes_.emplace_back(level, text);
    has_notes_ = true;
  } catch (...) {  // a note is lost
  }
}

void PackSet::pass_notes() noexcept {
  std::vector<std::pair<int32_t, std::string>> notes;
  {
    const std::lock_guard lock(state_);
    notes.swap(notes_);
    has_notes_ = false;
  }
  for (const auto& [level, text] : notes) host_.log(level, text);
}

// ---- sets -----------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<PackSet>> Packs::set(std::vector<PackItem> items) {
  TRY_SET(PackFile file, PackFile::of(std::move(items)));
  const std::lock_guard lock(mutex_);
  std::weak_ptr<PackSet>& known = sets_[file.name()];
  std::shared_ptr<PackSet> set = known.lock();
  if (!set) {
    set = std::make_shared<PackSet>(std::move(file), folder_, counters_, host_);
    known = set;
  }
  return set;
}

void Packs::forget_unused() noexcept {
  const std::lock_guard lock(mutex_);
  std::erase_if(sets_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace infer::cpu
