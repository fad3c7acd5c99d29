#include "cache/state_file.h"

#include <bit>
#include <cstring>

#include "base/checked.h"
#include "base/hash.h"
#include "base/new_file.h"
#include "base/unpredictable.h"

namespace infer::cache {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

constexpr char kMagic[8] = {'i', 'n', 'f', 'e', 'r', ' ', 'k', 'v'};
constexpr uint32_t kVersion = 1;
constexpr int64_t kMostTokens = 1 << 28;
constexpr const char* kAgain = "save the state again";

struct Head {
  char magic[8];
  uint32_t version, reserved;
  int64_t n_tokens, page, page_bytes;
  uint64_t model, form;
  uint64_t sum;  // of this head with sum 0, the tokens with their padding, and the sums of the pages
};
static_assert(sizeof(Head) == 64);

// Where things lie. Sizes are checked by whoever fills them in.
struct Layout {
  int64_t n_pages, sums_at, pages_at, bytes;
};
constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

Result<Layout> layout_of(const Head& h) {
  if (h.n_tokens < 1 || h.n_tokens > kMostTokens || h.page < 1 || h.page > kMostTokens || h.page_bytes < 1)
    return Status::corrupt(
        str("sizes that cannot be: ", h.n_tokens, " tokens, pages of ", h.page, " in ", h.page_bytes, " bytes"));
  Layout l{};
  l.n_pages = (h.n_tokens + h.page - 1) / h.page;
  l.sums_at = static_cast<int64_t>(sizeof h) + round_up(4 * h.n_tokens, 8);
  l.pages_at = round_up(l.sums_at + 8 * l.n_pages, 64);
  const Size all = Size(l.n_pages) * h.page_bytes + l.pages_at;
  if (!all.fits(INT64_MAX)) return Status::corrupt(str("pages of ", h.page_bytes, " bytes"));
  l.bytes = static_cast<int64_t>(all.value());
  return l;
}

std::span<const std::byte> padded(std::vector<int32_t>& tokens) {
  tokens.resize(tokens.size() + tokens.size() % 2);
  return std::as_bytes(std::span(tokens));
}

uint64_t sum_of(Head h, std::span<const std::byte> tokens, std::span<const uint64_t> sums) {
  h.sum = 0;
  Hash hash;
  hash.add(std::as_bytes(std::span(&h, 1)));
  hash.add(tokens);
  hash.add(std::as_bytes(sums));
  return hash.value();
}

}  // namespace

Status write_state(const std::string& path, const StateKey& key, std::span<const int32_t> tokens,
                   const ReadPage& read) {
  Head h{};
  std::memcpy(h.magic, kMagic, sizeof kMagic);
  h.version = kVersion;
  h.n_tokens = static_cast<int64_t>(tokens.size());
  h.page = key.page;
  h.page_bytes = key.page_bytes;
  h.model = key.model;
  h.form = key.form;
  TRY_SET(const Layout l, layout_of(h));

  const auto write = [&]() -> Status {
    TRY_SET(const auto file, NewFile::make(str(path, ".", unpredictable(), ".tmp"), l.bytes));
    std::vector<std::byte> page(static_cast<size_t>(key.page_bytes));
    std::vector<uint64_t> sums(static_cast<size_t>(l.n_pages));
    for (int64_t i = 0; i < l.n_pages; ++i) {
      TRY(read(static_cast<int32_t>(i), page));
      sums[static_cast<size_t>(i)] = hash64(page);
      TRY(file->write(l.pages_at + i * key.page_bytes, page));
    }
    std::vector<int32_t> copy(tokens.begin(), tokens.end());
    const auto bytes = padded(copy);
    h.sum = sum_of(h, bytes, sums);
    TRY(file->write(static_cast<int64_t>(sizeof h), bytes));
    TRY(file->write(l.sums_at, std::as_bytes(std::span(sums))));
    TRY(file->write(0, std::as_bytes(std::span(&h, 1))));
    return file->rename(path);
  };
  const Status written = write();
  return written.ok() ? written : written.in(str("saving '", path, "'"));
}

Result<StateFile> StateFile::open(std::shared_ptr<const File> file, const StateKey& key, int64_t n_vocab) {
  StateFile f;
  f.file_ = std::move(file);
  const std::string& path = f.file_->name();
  const std::span<const std::byte> bytes = f.file_->bytes();
  const auto bad = [&](const std::string& what) { return Status::corrupt(str("'", path, "' ", what), kAgain); };
  Head h{};
  if (bytes.size() < sizeof h) return bad("is too short to be a saved state");
  TRY(f.file_->intact());
  std::memcpy(&h, bytes.data(), sizeof h);
  if (std::memcmp(h.magic, kMagic, sizeof kMagic) != 0) return bad("is not a saved state");
  if (h.version != kVersion)
    return Status::unsupported(
        str("'", path, "' is a saved state of version ", h.version, "; this library knows version ", kVersion), kAgain);
  const Result<Layout> layout = layout_of(h);
  if (!layout.ok()) return bad(str("has ", layout.status().message()));
  const Layout& l = *layout;
  if (static_cast<int64_t>(bytes.size()) != l.bytes)
    return bad(str("has ", bytes.size(), " bytes, its head says ", l.bytes));
  TRY(f.file_->intact());
  f.tokens_.resize(static_cast<size_t>(round_up(h.n_tokens, 2)));
  std::memcpy(f.tokens_.data(), bytes.data() + sizeof h, f.tokens_.size() * 4);
  f.sums_.resize(static_cast<size_t>(l.n_pages));
  std::memcpy(f.sums_.data(), bytes.data() + l.sums_at, f.sums_.size() * 8);
  if (sum_of(h, std::as_bytes(std::span(f.tokens_)), f.sums_) != h.sum) return bad("is damaged: its checksum differs");
  f.tokens_.resize(static_cast<size_t>(h.n_tokens));

  const auto other = [&](const char* what) {
    return Status::unsupported(str("'", path, "' was saved by ", what),
                               "restore it where it was saved, or compute the text anew");
  };
  if (h.model != key.model) return other("another model");
  if (h.page != key.page) return other("an engine with another kv.page");
  if (h.form != key.form || h.page_bytes != key.page_bytes)
    return other("an engine that computes in another way (kv.type, device, instruction set or version)");
  for (const int32_t t : f.tokens_)
    if (t < 0 || t >= n_vocab) return bad(str("has the token id ", t, "; ids are 0..", n_vocab - 1));
  f.pages_at_ = l.pages_at;
  f.page_bytes_ = h.page_bytes;
  return f;
}

Status StateFile::read_page(int32_t i, std::span<std::byte> out) const {
  TRY(file_->intact());
  std::memcpy(out.data(), file_->bytes().data() + pages_at_ + i * page_bytes_, out.size());
  if (hash64(out) == sums_[static_cast<size_t>(i)]) return {};
  return Status::corrupt(str("'", file_->name(), "' is damaged: the checksum of page ", i, " differs"), kAgain);
}

}  // namespace infer::cache
