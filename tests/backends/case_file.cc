#include "tests/backends/case_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "graph/signature.h"
#include "tests/backends/embedded.h"
#include "tests/backends/template.h"

namespace infer::conformance {
namespace {

// nlohmann keeps the last of two values with one key; here that is a mistake.
Result<Json> parse(const std::string& text) {
  std::vector<std::set<std::string>> keys;
  std::string twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  try {
    Json j = Json::parse(text, watch);
    if (!twice.empty()) return Status::invalid(str("the key '", twice, "' is there twice in one object"));
    return j;
  } catch (const Json::parse_error& e) {
    return Status::invalid(e.what());  // with line and column
  }
}

Result<std::vector<Case>*> group_of(Cases& cases, const std::string& name) {
  if (name == "ops") return &cases.ops;
  if (name == "same") return &cases.same;
  if (name == "streamed") return &cases.streamed;
  if (name == "replay") return &cases.replay;
  return Status::invalid(str("there is no group '", name, "'"));
}

Status read_entry(const Json& entry, Cases& cases) {
  if (!entry.is_object() || !entry.contains("expand") || !entry.at("expand").is_array() || entry.at("expand").empty())
    return Status::invalid("needs 'expand', a list of sets of variables");
  for (size_t i = 0; i < entry.at("expand").size(); ++i) {
    Json row = entry.at("expand")[i];
    const std::string where = str("expand ", i);
    std::string group = "ops";
    if (row.is_object() && row.contains("group")) {
      if (!row.at("group").is_string()) return Status::invalid(str(where, ": 'group' is no text"));
      group = row.at("group").get<std::string>();
      row.erase("group");
    }
    Result<std::vector<Case>*> to = group_of(cases, group);
    TRY(to.status().in(where));
    Result<std::vector<Scope>> scopes = expand(row);
    TRY(scopes.status().in(where));
    for (const Scope& scope : *scopes) {
      Result<Case> made = make_case(entry, scope, group);
      TRY(made.status().in(where));
      (*to)->push_back(made.take());
    }
  }
  return {};
}

Status read_number(const Json& j, const char* key, double least, auto& out) {
  if (!j.contains(key)) return {};
  const Json& v = j.at(key);
  using To = std::remove_reference_t<decltype(out)>;
  if (!v.is_number() || (std::is_integral_v<To> && !v.is_number_integer()) || !(v.get<double>() >= least) ||
      v.get<double>() > 1e6)
    return Status::invalid(str("'", key, "' is ", v.dump()));
  out = v.get<To>();
  return {};
}

Result<Chunks> read_chunks(const Json& j) {
  if (!j.is_array() || j.empty() || !j[0].is_array() || j[0].empty())
    return Status::invalid("'chunks' is no list of lists");
  for (const Json& run : j) {
    if (!run.is_array() || run.size() != j[0].size()) return Status::invalid("'chunks': runs of different length");
    for (const Json& n : run)
      if (!n.is_number_unsigned() || n.get<int64_t>() > 10000) return Status::invalid(str("'chunks': ", n.dump()));
  }
  return j.get<Chunks>();
}

// {"type": ..., "heads": ..., "chunks": [[runs' rows of each sequence]]} or, for group same, "length".
Status read_attention(const Json& j, Cases& cases) {
  TRY(check_keys(
      j, {"type"},
      {"heads", "kv_heads", "dim", "dim_v", "page", "window", "scale", "softcap", "sinks", "chunks", "length"}));
  if (j.contains("chunks") == j.contains("length")) return Status::invalid("needs 'chunks' or 'length'");
  AttentionShape shape;
  TRY(read_number(j, "heads", 1, shape.heads));
  TRY(read_number(j, "kv_heads", 1, shape.kv_heads));
  TRY(read_number(j, "dim", 1, shape.dim));
  shape.dim_v = shape.dim;
  TRY(read_number(j, "dim_v", 1, shape.dim_v));
  TRY(read_number(j, "page", 1, shape.page));
  TRY(read_number(j, "window", 0, shape.window));
  TRY(read_number(j, "scale", 0, shape.scale));
  TRY(read_number(j, "softcap", 0, shape.softcap));
  int64_t sinks = 0;
  TRY(read_number(j, "sinks", 0, sinks));
  shape.sinks = sinks != 0;
  TRY_SET(const std::vector<Scope> types, expand(Json::object({{"type", j.at("type")}})));
  for (const Scope& scope : types) {
    AttentionShape s = shape;
    TRY_SET(s.kv_type, scope.type("type"));
    if (!graph::is_kv_type(s.kv_type))
      return Status::invalid(str("'type': ", graph::type_name(s.kv_type), " is no type of a state"));
    const int64_t block = graph::block_length(s.kv_type);  // heads are whole blocks
    s.dim = (s.dim + block - 1) / block * block;
    s.dim_v = (s.dim_v + block - 1) / block * block;
    if (j.contains("length")) {
      Chunked c{s, 0};
      TRY(read_number(j, "length", 9, c.length));
      cases.chunked.push_back(c);
      continue;
    }
    TRY_SET(const Chunks chunks, read_chunks(j.at("chunks")));
    std::vector<uint64_t> seeds;
    for (size_t i = 0; i < chunks[0].size(); ++i) seeds.push_back(31 + 7 * i);
    Case made = attention_case(s, chunks, seeds);
    const Program program(made);
    TRY(graph::check_program(program.c, nullptr));
    cases.ops.push_back(std::move(made));
  }
  return {};
}

Status read_file(const CaseFile& file, Cases& cases) {
  TRY_SET(const Json j, parse(file.text));
  TRY(check_keys(j, {"about"}, {"cases", "attention"}));
  if (!j.contains("cases") && !j.contains("attention")) return Status::invalid("has neither 'cases' nor 'attention'");
  for (const char* list : {"cases", "attention"}) {
    if (!j.contains(list)) continue;
    if (!j.at(list).is_array()) return Status::invalid(str("'", list, "' is no list"));
    for (size_t i = 0; i < j.at(list).size(); ++i) {
      const Json& entry = j.at(list)[i];
      std::string where = str(list, "[", i, "]");
      if (entry.is_object() && entry.contains("name")) where += str(" ", entry.at("name").dump());
      TRY((list[0] == 'c' ? read_entry(entry, cases) : read_attention(entry, cases)).in(where));
    }
  }
  return {};
}

}  // namespace

std::vector<CaseFile> built_in_case_files() {
  std::vector<CaseFile> files;
  for (const Embedded& e : embedded_files())
    if (std::string_view(e.name) != "ops.json") files.push_back({e.name, e.text()});
  return files;
}

std::string built_in_golden() {
  for (const Embedded& e : embedded_files())
    if (std::string_view(e.name) == "ops.json") return e.text();
  return {};
}

Result<std::vector<CaseFile>> case_files_in(const std::string& folder) {
  std::vector<CaseFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) return Status::io(str("cannot read ", entry.path().string()));
    files.push_back({entry.path().filename().string(), text.str()});
  }
  if (error) return Status::not_found(str("cannot read the folder ", folder, ": ", error.message()));
  if (files.empty()) return Status::not_found(str("there is no *.json in ", folder));
  std::sort(files.begin(), files.end(), [](const CaseFile& a, const CaseFile& b) { return a.name < b.name; });
  return files;
}

Result<Cases> read_cases(std::span<const CaseFile> files) {
  Cases cases;
  for (const CaseFile& f : files) TRY(read_file(f, cases).in(f.name));
  return cases;
}

}  // namespace infer::conformance
