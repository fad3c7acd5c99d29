// The official JSON Schema test suite (tests/golden/schema/suite.json): of every schema that is taken, what is valid
// and nothing else is accepted. Instances are written as json.dumps writes them, in any order of keys.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "base/json_tree.h"
#include "tests/support/golden.h"
#include "tests/support/naive_grammar.h"
#include "text/constraint/decimal.h"
#include "text/constraint/schema.h"

namespace infer::text {
namespace {

using Kind = Json::Kind;

constexpr size_t kMostSpellings = 1000;

// The value with its keys in every order.
std::vector<std::string> spellings(const Json& v) {
  if (!v.is(Kind::kArray) && !v.is(Kind::kObject)) return {v.is(Kind::kNumber) ? v.text : json_dumps(v)};
  const bool object = v.is(Kind::kObject);
  std::vector<size_t> order(v.items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::vector<std::string> all;
  do {
    std::vector<std::string> begun{object ? "{" : "["};
    for (size_t i = 0; i < order.size(); ++i) {
      const std::string before = (i ? ", " : "") + (object ? "\"" + json_escaped(v.keys[order[i]]) + "\": " : "");
      std::vector<std::string> next;
      for (const std::string& value : spellings(v.items[order[i]]))
        for (const std::string& begin : begun) next.push_back(begin + before + value);
      begun = std::move(next);
    }
    for (const std::string& t : begun) all.push_back(t + (object ? "}" : "]"));
  } while (object && all.size() < kMostSpellings && std::next_permutation(order.begin(), order.end()));
  return all;
}

struct Count {
  int taken = 0, refused = 0, outside = 0;
};

// 1.0, 1e3: it is an integer that has a point or an exponent.
bool has_spelt_integer(const Json& v) {
  return v.is(Kind::kNumber)
             ? v.text.find_first_of(".eE") != std::string::npos && json_schema::Decimal::parse(v.text).integral()
             : std::any_of(v.items.begin(), v.items.end(), has_spelt_integer);
}

const char kChecked[] = "format is checked, not only an annotation";
const char kSpelt[] = "an integer is written with digits only";
const char kLeap[] = "a leap second is at 23:59:60Z only";
const char kHost[] = "a host name has no encoded labels, and few that are long";

// Why an instance that is valid is not accepted; empty: for no reason that is meant.
std::string why_refused(const std::string& file, const std::string& test, const Json& data) {
  if (test.find("only an annotation by default") != std::string::npos) return kChecked;
  if (has_spelt_integer(data)) return kSpelt;
  if (test.find("leap second") != std::string::npos) return kLeap;
  return file == "format hostname" ? kHost : "";
}

// The schema has a keyword that is not done, or one that is elsewhere.
bool is_outside(std::string_view message) {
  return message.find("' is not supported (") != message.npos && message.starts_with("the keyword '")
             ? true
             : message.find("nothing is fetched") != message.npos;
}

// README's table: the suite's files by what becomes of their tests; those of which all are taken share a line.
std::string table(const std::map<std::string, Count>& counts) {
  std::string out = "| keyword | tests taken | refused | with keywords that are not done |\n|---|---|---|---|\n", whole;
  int n_whole = 0;
  for (const auto& [file, count] : counts) {
    if (count.refused + count.outside > 0) {
      out += str("| ", file, " | ", count.taken, " | ", count.refused, " | ", count.outside, " |\n");
    } else {
      whole += str(whole.empty() ? "" : ", ", file);
      n_whole += count.taken;
    }
  }
  return str(out, "| ", whole, " | ", n_whole, " | 0 | 0 |\n");
}

std::string readme_table() {
  std::ifstream in(INFER_SOURCE_DIR "/README.md", std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  const std::string text = bytes.str(), begin = "<!-- schema -->\n";
  const size_t from = text.find(begin) + begin.size(), to = text.find("<!-- /schema -->");
  REQUIRE(text.find(begin) != text.npos);
  REQUIRE(to != text.npos);
  REQUIRE(to >= from);
  return text.substr(from, to - from);
}

TEST_CASE("the official suite: all that is valid is accepted, nothing that is not") {
  std::ifstream in(testing::golden_path("schema/suite.json"), std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  const std::string text = bytes.str();
  auto suite = parse_json_tree(text, {8 << 20, 100}, "the suite");
  REQUIRE_MESSAGE(suite.ok(), std::string(suite.status().message()));
  const Json& files = *suite->find("files");
  std::map<std::string, Count> counts;
  std::map<std::string, int> reasons, refusals;
  int run = 0;
  for (size_t f = 0; f < files.items.size(); ++f) {
    for (const Json& group : files.items[f].items) {
      const std::string schema = json_dumps(*group.find("schema"));
      const std::vector<Json>& tests = group.find("tests")->items;
      const std::string where = files.keys[f] + ": " + group.find("description")->text;
      Grammar g;
      const Status s = g.finish_with(compile_schema(g, schema, {}));
      const bool nothing = s.message().starts_with("no text matches");
      Count& count = counts[files.keys[f]];
      const bool outside = is_outside(s.message());
      (s.ok() || nothing ? count.taken : outside ? count.outside : count.refused) += static_cast<int>(tests.size());
      if (!s.ok() && !nothing) {
        CHECK_MESSAGE(s.code() == INFER_E_UNSUPPORTED, where, ": ", std::string(s.message()));
        refusals[where + ": " + std::string(s.message())] += static_cast<int>(tests.size());
        continue;
      }
      for (const Json& test : tests) {
        const Json& data = test.items[1];
        const std::vector<std::string> texts = spellings(data);
        const bool accepted = !nothing && std::any_of(texts.begin(), texts.end(), [&](const std::string& t) {
          return testing::naive_matches(g, t);
        });
        ++run;
        if (accepted == test.items[2].truth) continue;
        const std::string reason = accepted ? "" : why_refused(files.keys[f], test.items[0].text, data);
        CHECK_MESSAGE(!reason.empty(), where, ": ", test.items[0].text, ": ", texts[0],
                      std::string(accepted ? " is accepted" : " is not"));
        if (!reason.empty()) ++reasons[reason];
      }
    }
  }
  Count keywords, formats;  // formats: of optional/format
  for (const auto& [file, count] : counts) {
    MESSAGE(file, ": ", count.taken, " tests taken, ", count.refused, " refused, ", count.outside, " outside");
    Count& sum = file.starts_with("format ") ? formats : keywords;
    sum.taken += count.taken, sum.refused += count.refused, sum.outside += count.outside;
  }
  for (const auto& [what, n] : refusals) MESSAGE("refused (", n, "): ", what);
  for (const auto& [what, n] : reasons) MESSAGE("valid, and not accepted (", n, "): ", what);
  MESSAGE(run, " tests run; of keywords ", keywords.taken, " taken, ", keywords.refused, " refused, ", keywords.outside,
          " outside; of formats ", formats.taken, " taken, ", formats.refused, " refused");
  CHECK(keywords.taken * 100 >= (keywords.taken + keywords.refused) * 95);
  CHECK(formats.refused == 0);
  CHECK_MESSAGE(readme_table() == table(counts), "README.md is to have between the marks: ", table(counts));
  CHECK(reasons == std::map<std::string, int>{{kChecked, 16}, {kSpelt, 8}, {kLeap, 5}, {kHost, 16}});
}

}  // namespace
}  // namespace infer::text
