// Options as a table: every row is well-formed, every value is checked.
#include "api/settings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>

using namespace infer::api;

namespace {
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
}  // namespace

TEST_CASE("every row of options.def is well-formed: its default fits its own type and range") {
  std::set<std::string_view> keys;
  for (const OptionRow& row : option_rows()) {
    CAPTURE(row.text);
    CHECK(keys.insert(row.key).second);
    CHECK((row.type == "int" || row.type == "num" || row.type == "str" || row.type == "bool" || row.type == "list"));
    CHECK((row.scope == "runtime" || row.scope == "model" || row.scope == "engine" || row.scope == "adapter" ||
           row.scope == "request"));
    CHECK(std::count(row.text, row.text + std::string_view(row.text).size(), '|') == 5);
    CHECK(row.help.size() > 10);
    Settings s;
    if (!row.fallback.empty()) {
      const auto status = s.parse(row.key, row.fallback);
      CHECK_MESSAGE(status.ok(), std::string(status.message()));
    }
    if (row.type == "int" || row.type == "num") {
      const size_t dots = row.range.find("..");
      REQUIRE(dots != std::string_view::npos);
      CHECK(s.parse(row.key, row.range.substr(0, dots)).ok());
      CHECK(s.parse(row.key, row.range.substr(dots + 2)).ok());
    }
  }
}

TEST_CASE("what is not set has the table's default") {
  Settings s;
  CHECK(s.integer(Key::top_k) == 40);
  CHECK(s.number(Key::temperature) == 0.8);
  CHECK(s.flag(Key::prompt_special));
  CHECK(s.text(Key::kv_type) == "f16");
  CHECK(s.list(Key::stop).empty());
  CHECK_FALSE(s.is_set(Key::top_k));
}

TEST_CASE("an unknown key names the nearest one") {
  Settings s;
  const auto status = s.set_num("temprature", 1);
  CHECK(status.code() == INFER_E_NOT_FOUND);
  CHECK(has(status.message(), "'temprature'"));
  CHECK(has(status.hint(), "'temperature'"));
  CHECK(has(s.set_int("context.mx", 1).hint(), "'context.max'"));
  CHECK(has(s.set_int("contxt.max", 1).hint(), "'context.max'"));  // not taken for a backend's
  CHECK(has(s.set_int("max-tokens", 1).hint(), "'max_tokens'"));
  CHECK(s.set_int("", 1).code() == INFER_E_NOT_FOUND);
  CHECK(s.set_int(std::string(100000, 'x'), 1).code() == INFER_E_NOT_FOUND);
}

TEST_CASE("a value outside its range names the range") {
  Settings s;
  const auto status = s.set_int("kv.page", 0);
  CHECK(status.code() == INFER_E_INVALID);
  CHECK(has(status.message(), "0 is outside 1..1024"));
  CHECK(s.set_num("top_p", 1.0001).code() == INFER_E_INVALID);
  CHECK(s.set_num("top_p", std::numeric_limits<double>::quiet_NaN()).code() == INFER_E_INVALID);
  CHECK(s.set_num("temperature", -std::numeric_limits<double>::infinity()).code() == INFER_E_INVALID);
  CHECK(s.set_str("kv.type", "q4").code() == INFER_E_INVALID);
  CHECK(s.set_str("kv.type", "f16,f32").code() == INFER_E_INVALID);
  CHECK(s.set_str("kv.type", "").code() == INFER_E_INVALID);
  CHECK(s.set_str("kv.type", "q4_1").code() == INFER_E_INVALID);
  CHECK(s.set_str("kv.type", "q8_0").ok());
  CHECK(s.set_int("ignore_end", 2).code() == INFER_E_INVALID);
}

TEST_CASE("a refused value leaves the one before in place") {
  Settings s;
  REQUIRE(s.set_int("top_k", 7).ok());
  CHECK_FALSE(s.set_int("top_k", -7).ok());
  CHECK(s.integer(Key::top_k) == 7);
}

TEST_CASE("setters convert where nothing is lost and refuse the rest") {
  Settings s;
  CHECK(s.set_int("temperature", 1).ok());
  CHECK(s.number(Key::temperature) == 1.0);
  CHECK(s.set_num("top_k", 3.0).code() == INFER_E_INVALID);
  CHECK(s.set_str("top_k", "3").code() == INFER_E_INVALID);
  CHECK(s.set_int("chat.template", 3).code() == INFER_E_INVALID);
  CHECK(s.set_int("stop_ids", 3).ok());
  CHECK(s.list(Key::stop_ids) == std::vector<std::string>{"3"});
}

TEST_CASE("parse reads a value by the key's type and refuses half numbers") {
  Settings s;
  CHECK(s.parse("temperature", "0.25").ok());
  CHECK(s.number(Key::temperature) == 0.25);
  CHECK(s.parse("ignore_end", "yes").ok());
  CHECK(s.flag(Key::ignore_end));
  for (const char* bad : {"", "1x", " 1", "0x10", "1e", "99999999999999999999", "nan", "1.5"}) {
    CAPTURE(bad);
    CHECK(s.parse("top_k", bad).code() == INFER_E_INVALID);
  }
  CHECK(s.parse("ignore_end", "maybe").code() == INFER_E_INVALID);
  CHECK(s.parse("nonsense", "1").code() == INFER_E_NOT_FOUND);
}

TEST_CASE("a list key appends") {
  Settings s;
  CHECK(s.set_str("stop", "a").ok());
  CHECK(s.set_str("stop", "b").ok());
  CHECK(s.list(Key::stop) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("text that is not UTF-8 is refused") {
  Settings s;
  CHECK(s.set_str("stop", "\xFF").code() == INFER_E_INVALID);
  CHECK(s.set_str("stop", std::string_view("a\0b", 3)).ok());
}

TEST_CASE("a backend's keys are kept, the last value of each") {
  Settings s;
  CHECK(s.set_int("cpu.threads", 2).ok());
  CHECK(s.set_int("cpu.threads", 4).ok());
  CHECK(s.set_num("cuda.share", 0.5).ok());
  REQUIRE(s.of_backends().size() == 2);
  CHECK(s.of_backends()[0] == std::pair<std::string, std::string>("cpu.threads", "4"));
  CHECK(s.of_backends()[1].second == "0.5");
  for (const char* bad : {"cpu.", ".threads", "CPU.threads", "cpu threads.x"})
    CHECK(s.set_int(bad, 1).code() == INFER_E_NOT_FOUND);
}
