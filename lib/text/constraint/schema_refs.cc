// References of a schema: by pointer, by $anchor, by $id, all within the document; nothing is fetched.
#include <algorithm>
#include <charconv>

#include "text/constraint/schema_document.h"

namespace infer::text::json_schema {
namespace {

using Kind = Json::Kind;

struct Uri {
  std::string_view scheme, authority, path, query, fragment;  // with their delimiters, so that parts may be joined
};

Uri split(std::string_view s) {
  Uri u;
  const size_t hash = std::min(s.find('#'), s.size());
  u.fragment = s.substr(hash), s = s.substr(0, hash);
  const size_t mark = std::min(s.find('?'), s.size());
  u.query = s.substr(mark), s = s.substr(0, mark);
  const size_t colon = s.find(':');
  if (colon != s.npos && s.find('/') > colon) u.scheme = s.substr(0, colon + 1), s = s.substr(colon + 1);
  if (s.starts_with("//")) {
    const size_t end = std::min(s.find('/', 2), s.size());
    u.authority = s.substr(0, end), s = s.substr(end);
  }
  u.path = s;
  return u;
}

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> parts;
  bool folder = false;  // ends with /
  const bool rooted = path.starts_with('/');
  if (rooted) path.remove_prefix(1);
  while (true) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    folder = part == "." || part == "..";
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!folder) parts.push_back(part);
    if (end == path.size()) break;
    path.remove_prefix(end + 1);
  }
  std::string out = rooted ? "/" : "";
  for (size_t i = 0; i < parts.size(); ++i) out.append(i ? "/" : "").append(parts[i]);
  if (folder && !parts.empty()) out += '/';
  return out;
}

int hex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string percent_decoded(std::string_view s) {
  std::string out;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size() && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
      out += static_cast<char>(hex(s[i + 1]) * 16 + hex(s[i + 2]));
      i += 2;
    } else {
      out += s[i];
    }
  }
  return out;
}

// One step of a JSON pointer (RFC 6901).
const Json* step(const Json& from, std::string key) {
  for (const auto& [code, c] : {std::pair("~1", "/"), std::pair("~0", "~")})
    for (size_t at = 0; (at = key.find(code, at)) != key.npos; ++at) key.replace(at, 2, c);
  if (from.is(Kind::kObject)) return from.find(key);
  size_t index = 0;
  const char* const end = key.data() + key.size();
  if (!from.is(Kind::kArray) || std::from_chars(key.data(), end, index).ptr != end || key.empty()) return nullptr;
  return index < from.items.size() ? &from.items[index] : nullptr;
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const Uri r = split(reference), b = split(base);
  const auto joined = [](auto... parts) { return (std::string() + ... + std::string(parts)); };
  if (!r.scheme.empty()) return std::string(reference);
  if (!r.authority.empty()) return joined(b.scheme, r.authority, without_dots(r.path), r.query, r.fragment);
  if (r.path.empty()) return joined(b.scheme, b.authority, b.path, r.query.empty() ? b.query : r.query, r.fragment);
  if (r.path.starts_with('/')) return joined(b.scheme, b.authority, without_dots(r.path), r.query, r.fragment);
  const size_t folder = b.path.rfind('/');
  const std::string before = folder != b.path.npos  ? std::string(b.path.substr(0, folder + 1))
                             : !b.authority.empty() ? "/"
                                                    : "";
  return joined(b.scheme, b.authority, without_dots(before + std::string(r.path)), r.query, r.fragment);
}

Status Document::find(const std::string& uri, const std::string& where, const Json*& found, std::string& base) {
  const size_t hash = std::min(uri.find('#'), uri.size());
  base = uri.substr(0, hash);
  const std::string fragment = percent_decoded(std::string_view(uri).substr(std::min(hash + 1, uri.size())));
  const auto resource = resources_.find(base);
  if (resource == resources_.end())
    return Status::unsupported(
        str("'", shortened(uri), "' is not in the schema, and nothing is fetched (", where, "/$ref)"),
        "copy it into $defs");
  found = resource->second;
  if (fragment.empty()) return {};
  const auto missing = [&] { return Status::invalid(str(where, "/$ref: there is no '", shortened(uri), "'")); };
  if (fragment[0] != '/') {
    const auto anchor = resources_.find(base + "#" + fragment);
    if (anchor == resources_.end()) return missing();
    found = anchor->second;
    if (const auto at = bases_.find(found); at != bases_.end()) base = at->second;
    return {};
  }
  for (size_t at = 0; at < fragment.size();) {
    const size_t end = std::min(fragment.find('/', at + 1), fragment.size());
    found = step(*found, fragment.substr(at + 1, end - at - 1));
    if (!found) return missing();
    if (const auto inner = bases_.find(found); inner != bases_.end()) base = inner->second;
    at = end;
  }
  return {};
}

Status Document::resolve() {
  for (size_t i = 0; i < pending_.size(); ++i) {  // grows when what is referred to was not read as a schema before
    const Pending p = pending_[i];
    const std::string where = schemas_[p.from].path;
    const Json* found = nullptr;
    std::string base;
    TRY(find(p.target, where, found, base));
    SchemaId id = 0;
    TRY(read_schema(*found, shortened(p.target), base, id));
    schemas_[p.from].ref = id;
  }
  pending_.clear();
  return {};
}

Status Document::find_loops() const {
  enum : uint8_t { kNew, kOpen, kDone };
  std::vector<uint8_t> state(schemas_.size(), kNew);
  const auto inside = [&](SchemaId id) {
    const Schema& s = schemas_[id];
    std::vector<SchemaId> all;
    for (const auto* part : {&s.all_of, &s.any_of, &s.one_of}) all.insert(all.end(), part->begin(), part->end());
    if (s.ref) all.push_back(*s.ref);
    return all;
  };
  struct Open {
    SchemaId id;
    std::vector<SchemaId> parts;
  };
  for (SchemaId from = 0; from < schemas_.size(); ++from) {
    if (state[from] != kNew) continue;
    std::vector<Open> path{{from, inside(from)}};
    state[from] = kOpen;
    while (!path.empty()) {
      if (path.back().parts.empty()) {
        state[path.back().id] = kDone;
        path.pop_back();
        continue;
      }
      const SchemaId next = path.back().parts.back();
      path.back().parts.pop_back();
      if (state[next] == kOpen)
        return Status::invalid(str(schemas_[path.back().id].path, ": '$ref' leads back to ", schemas_[next].path,
                                   " without a part of the value in between"),
                               "refer to it from a property or an item");
      if (state[next] == kNew) state[next] = kOpen, path.push_back({next, inside(next)});
    }
  }
  return {};
}

}  // namespace infer::text::json_schema
