#include "engine/draft_model.h"

#include <algorithm>

namespace infer::engine {

DraftModel::DraftModel(Parts parts, const Sizes& sizes)
    : parts_(std::move(parts)),
      sizes_(sizes),
      pool_(sizes.n_pages),
      logits_(std::make_unique_for_overwrite<float[]>(static_cast<size_t>(sizes.sequences) *
                                                      static_cast<size_t>(parts_.n_vocab))),
      sampler_(static_cast<int32_t>(parts_.n_vocab)) {
  const auto tokens = static_cast<size_t>(sizes.tokens), sequences = static_cast<size_t>(sizes.sequences);
  step_.tokens.reserve(tokens);
  step_.positions.reserve(tokens);
  step_.rows.reserve(sequences);
  step_.q_start.reserve(sequences + 1);
  step_.kv_len.reserve(sequences);
  step_.block_table.reserve(sequences * static_cast<size_t>(sizes.table_cols));
  readers_.reserve(sequences);
  history_.reserve(static_cast<size_t>(sizes.context));
}

Status DraftModel::guess(std::span<Request* const> requests, int32_t room) {
  readers_.clear();
  unread_ = std::min(kReadAtOnce, sizes_.tokens);
  for (Request* r : requests) begin(*r);
  if (readers_.empty()) return {};
  const int32_t share = room / static_cast<int32_t>(readers_.size());
  for (Reader& r : readers_) r.wanted = std::min(r.wanted, share);
  while (pack()) {
    if (parts_.file) TRY(parts_.file->intact());
    const auto n_vocab = static_cast<size_t>(parts_.n_vocab);
    TRY(parts_.executor->run(step_, {logits_.get(), step_.rows.size() * n_vocab}));
    for (Reader& r : readers_) {
      r.request->sequence().drafted.n_cached += r.fed;
      if (r.row >= 0)
        choose(r, {logits_.get() + static_cast<size_t>(r.row) * n_vocab, n_vocab});
      else if (r.fed > 0)
        r.wanted = 0;  // there is more to read: the next call goes on
    }
  }
  return {};
}

// Keeps of what was computed what turned out right, and takes the pages that this call may need.
void DraftModel::begin(Request& r) {
  Sequence& s = r.sequence();
  Drafted& d = s.drafted;
  const auto size = static_cast<int32_t>(s.tokens.size());
  int32_t right = 0;
  while (right < static_cast<int32_t>(d.guesses.size()) && d.behind + right < size &&
         d.guesses[static_cast<size_t>(right)] == s.tokens[static_cast<size_t>(d.behind + right)])
    right++;
  d.n_cached = std::min({d.n_cached, d.behind + right, size - 1});
  d.guesses.clear();
  d.behind = size;
  const int32_t wanted = std::min(r.task().draft, s.most - 1 - size);
  if (wanted <= 0 || std::ssize(readers_) == sizes_.sequences) return;
  const int32_t pages = (size + wanted + sizes_.page - 1) / sizes_.page - static_cast<int32_t>(d.pages.size());
  if (pages > 0 && !pool_.take(pages, d.pages)) return;  // others have them all: no guess
  readers_.push_back({&r, wanted});
}

// The next run: of each that wants guesses, the tokens that were not read yet, long ones last. False: nobody wants any.
bool DraftModel::pack() {
  step_.clear();
  for (Reader& r : readers_) {
    r.fed = 0;
    r.row = -1;
    if (r.wanted > 0)
      step_.table_cols = std::max(step_.table_cols, static_cast<int32_t>(r.request->sequence().drafted.pages.size()));
  }
  step_.q_start.push_back(0);
  for (const bool is_long : {false, true})
    for (Reader& r : readers_)
      if (r.wanted > 0 && (r.request->sequence().drafted.unread() > kShort) == is_long) add(r, is_long);
  return step_.n_tokens() > 0;
}

void DraftModel::add(Reader& r, bool is_long) {
  const Sequence& s = r.request->sequence();
  const Drafted& d = s.drafted;
  const int32_t room = sizes_.tokens - step_.n_tokens();
  r.fed = std::min({d.unread(), room, is_long ? unread_ : kShort});
  if (is_long) unread_ -= r.fed;
  if (is_long && r.fed == 0) r.wanted = 0;  // in another call
  if (r.fed == 0) return;
  const int32_t end = d.n_cached + r.fed;
  for (int32_t i = d.n_cached; i < end; ++i) {
    step_.tokens.push_back(i < d.behind ? s.tokens[static_cast<size_t>(i)]
                                        : d.guesses[static_cast<size_t>(i - d.behind)]);
    step_.positions.push_back(i);
  }
  if (r.fed == d.unread()) {
    r.row = step_.n_rows();
    step_.rows.push_back(step_.n_tokens() - 1);
  }
  step_.q_start.push_back(step_.n_tokens());
  step_.kv_len.push_back(end);
  step_.block_table.insert(step_.block_table.end(), d.pages.begin(), d.pages.end());
  step_.block_table.resize(step_.kv_len.size() * static_cast<size_t>(step_.table_cols), 0);
}

void DraftModel::choose(Reader& r, std::span<const float> row) {
  const Sequence& s = r.request->sequence();
  Drafted& d = r.request->sequence().drafted;
  history_.assign(s.tokens.begin(), s.tokens.end());
  history_.insert(history_.end(), d.guesses.begin(), d.guesses.end());
  const uint64_t index = static_cast<uint64_t>(r.request->generated()) + d.guesses.size();
  sampler_.choose(r.request->task().sampling, row, {history_, r.request->banned(), {}, index, true}, choice_);
  const bool ends = choice_.token < 0 || r.request->ends_at(choice_.token);
  r.wanted = ends ? 0 : r.wanted - 1;
  if (choice_.token >= 0) d.guesses.push_back(choice_.token);
}

void DraftModel::let_go(Sequence& s) {
  Drafted& d = s.drafted;
  for (const int32_t page : d.pages) pool_.release(page);
  d.pages.clear();
  d.guesses.clear();
  d.behind = d.n_cached = 0;
}

Result<int64_t> DraftModel::trim() {
  return parts_.executor->discard_pages({pool_.free_list().begin(), pool_.free_list().end()});
}

}  // namespace infer::engine
