// The same bits whatever the company: rows computed alone, in batches of every size, in chunks, on any number of
// threads.
#include <algorithm>
#include <numeric>

#include "tests/backends/report.h"

namespace infer::conformance {
namespace {

constexpr int64_t kCounts[] = {1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 64, 128};  // around every switch between kernels
constexpr int64_t kMost = 128;  // rows of a case of this group: its first symbol

// The same case over rows first .. first + n of it: of every input that has rows, only these.
Case rows_of(const Case& whole, int64_t first, int64_t n) {
  Case c = copy_of(whole);
  for (Run& run : c.runs) {
    run.symbols[0] = n;
    for (auto& [t, data] : run.inputs) {
      if (c.tensors[t].dim[0] != INFER_SYMBOL(0)) continue;
      const auto row = static_cast<int64_t>(data.size()) / kMost;
      data = Bytes(data.begin() + first * row, data.begin() + (first + n) * row);
    }
  }
  return c;
}

bool has_rows(const Case& c) {
  for (const Run& run : c.runs)
    if (run.symbols.empty() || run.symbols[0] != kMost) return false;
  return true;
}

// Beds of one backend that must all agree: one per number of threads where it has that option.
using Beds = std::vector<std::unique_ptr<Bed>>;
Beds beds_of(const std::string& subject, const Settings& settings) {
  Beds beds;
  std::string why;
  auto first = Bed::open(subject, settings, why);
  if (first && !first->option("threads").empty())
    for (int n = 1; n <= 4; ++n) {
      Settings with = settings;
      with.emplace_back("threads", std::to_string(n));
      beds.push_back(Bed::open(subject, with, why));
    }
  else
    beds.push_back(std::move(first));
  return beds;
}
std::string threads_text(const Beds& beds, size_t b) { return beds.size() > 1 ? str(", ", b + 1, " threads") : ""; }

// Rows first .. first + n of a case on one bed, against the same rows of the whole.
void check_rows(const Case& c, const Outcome& whole, Bed& bed, int64_t first, int64_t n, const std::string& threads,
                Report& report) {
  const Outcome o = bed.run(rows_of(c, first, n));
  const std::string name = str(c.name, " rows ", first, "..", first + n - 1, threads);
  if (o.status != INFER_OK) return report.fail(name, o.message);
  for (size_t run = 0; run < whole.outputs.size(); ++run)
    for (const auto& [t, all] : whole.outputs[run]) {
      const size_t width = all.size() / kMost, from = static_cast<size_t>(first) * width;
      if (std::memcmp(o.outputs[run].at(t).data(), all.data() + from, static_cast<size_t>(n) * width) != 0)
        return report.fail(name, "not the same bits (" + o.kernel + ")");
    }
  report.pass(name);
}

// Every number of rows on every number of threads. Which rows they are: all three places on one thread, then one of
// them.
void check_case(const Case& c, const Beds& beds, Report& report) {
  if (!report.wants(c.name)) return;
  if (!has_rows(c)) return report.fail(c.name, str("a case of this group has ", kMost, " rows, its first symbol"));
  const Outcome whole = beds[0]->run(c);
  if (!whole.supported) return report.skip(c.name, whole.message);
  if (whole.status != INFER_OK) return report.fail(c.name, whole.message);
  for (size_t b = 0; b < beds.size(); ++b) {
    const std::string threads = threads_text(beds, b);
    for (size_t i = 0; i < std::size(kCounts); ++i) {
      const int64_t n = kCounts[i], firsts[] = {0, kMost - n, (kMost - n) / 3};
      for (size_t place = 0; place < std::size(firsts); ++place)
        if (b == 0 || place == (b + i) % std::size(firsts))
          check_rows(c, whole, *beds[b], firsts[place], n, threads, report);
    }
  }
}

// An expert_sum with each row's choices moved round by `by` places.
Case turned(const Case& c, int64_t by) {
  Case moved = copy_of(c);
  const Case::Node& sum = c.nodes[0];
  const int64_t k = c.tensors[sum.in[0]].dim[1];
  for (const uint32_t t : sum.in) {
    Bytes& data = moved.runs[0].inputs.at(t);
    const auto one = static_cast<int64_t>(data.size()) / kMost / k;  // bytes that belong to one choice
    for (auto row = data.begin(); row != data.end(); row += k * one) std::rotate(row, row + by * one, row + k * one);
  }
  return moved;
}

// Experts are summed in the order of their numbers, whatever the order in which a row chose them.
void check_expert_order(const Case& c, const Beds& beds, Report& report) {
  if (c.nodes.size() != 1 || c.nodes[0].kind != INFER_OP_EXPERT_SUM || !has_rows(c) || !report.wants(c.name)) return;
  const Outcome first = beds[0]->run(c);
  if (!first.supported) return;  // counted where its rows are
  const std::string name = c.name + ", turned";
  for (const auto& bed : beds)
    for (int64_t by = 1; by < c.tensors[c.nodes[0].in[0]].dim[1]; ++by) {
      const Outcome o = bed->run(turned(c, by));
      const bool same = o.status == INFER_OK && first.status == INFER_OK && o.outputs == first.outputs;
      same ? report.pass(name) : report.fail(name, str("not the same bits, turned by ", by, " ", o.message));
    }
}

// The rows of sequence i of an attention case, over all its runs, in order of position.
Bytes sequence_rows(const Case& c, const Outcome& o, const Chunks& chunks, size_t i) {
  Bytes rows;
  for (size_t r = 0; r < chunks.size(); ++r) {
    const Bytes& out = o.outputs[r].at(attention_output(c));
    const int64_t total = std::accumulate(chunks[r].begin(), chunks[r].end(), int64_t(0));
    const size_t width = out.size() / static_cast<size_t>(total);
    const auto before = static_cast<size_t>(
        std::accumulate(chunks[r].begin(), chunks[r].begin() + static_cast<int64_t>(i), int64_t(0)));
    rows.insert(rows.end(), out.begin() + static_cast<int64_t>(before * width),
                out.begin() + static_cast<int64_t>((before + static_cast<size_t>(chunks[r][i])) * width));
  }
  return rows;
}

Chunks cut(int64_t length, int64_t by) {
  Chunks chunks;
  for (int64_t at = 0; at < length; at += by) chunks.push_back({std::min(by, length - at)});
  return chunks;
}

void check_chunks(const AttentionShape& shape, int64_t length, const Beds& beds, Report& report) {
  const std::string name = str("same attention ", shape.text(), " length ", length);
  if (!report.wants(name)) return;
  const Chunks whole_chunks = {{length}};
  const Case whole_case = attention_case(shape, whole_chunks, {41});
  const Outcome whole = beds[0]->run(whole_case);
  if (!whole.supported) return report.skip(name, whole.message);
  if (whole.status != INFER_OK) return report.fail(name, whole.message);
  const Bytes expected = sequence_rows(whole_case, whole, whole_chunks, 0);

  std::vector<std::pair<std::string, Chunks>> ways;
  for (int64_t by : {1, 2, 3, 5, 8, 16, 17, 32, 33, 64, 128})
    if (by < length && length / by < 200) ways.emplace_back(str("in chunks of ", by), cut(length, by));
  Chunks decode(9, {1});  // a prompt, then one row at a time
  decode[0] = {length - 8};
  ways.emplace_back("a row at a time at its end", decode);
  Chunks company = cut(length, (length + 3) / 4);  // between two others, of other lengths
  for (size_t r = 0; r < company.size(); ++r)
    company[r] = {static_cast<int64_t>(2 * r + 1), company[r][0], r % 2 ? 9 : 1};
  std::vector<Case> cases;
  for (const auto& [way, chunks] : ways) cases.push_back(attention_case(shape, chunks, {41}));
  const Case in_company = attention_case(shape, company, {7, 41, 99});
  for (size_t b = 0; b < beds.size(); ++b) {
    const auto judge = [&](const std::string& way, const Outcome& o, const auto& rows) {
      const std::string full = str(name, " ", way, threads_text(beds, b));
      if (o.status != INFER_OK) return report.fail(full, o.message);
      rows() == expected ? report.pass(full) : report.fail(full, "not the same bits (" + o.kernel + ")");
    };
    for (size_t w = 0; w < ways.size(); ++w) {
      if (b > 0 && w + 1 < ways.size() && w % 3 != b - 1) continue;  // a third of the chunk sizes each
      const Outcome o = beds[b]->run(cases[w]);
      judge(ways[w].first, o, [&] { return sequence_rows(cases[w], o, ways[w].second, 0); });
    }
    const Outcome o = beds[b]->run(in_company);
    judge("in company", o, [&] { return sequence_rows(in_company, o, company, 1); });
  }
}

}  // namespace

void check_same(const std::string& subject, const Settings& settings, const Cases& cases, Report& report) {
  const Beds beds = beds_of(subject, settings);
  for (const auto& bed : beds)
    if (!bed) return report.fail("same", "the backend cannot be opened with threads");
  for (const Case& c : cases.same) {
    check_case(c, beds, report);
    check_expert_order(c, beds, report);
  }
  for (const Chunked& c : cases.chunked) check_chunks(c.shape, c.length, beds, report);
  for (const auto& bed : beds) report.add_counters(*bed);
}

}  // namespace infer::conformance
