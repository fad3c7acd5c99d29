#include "device/plugin.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.h"
#include "base/library.h"
#include "device/plugin_call.h"

namespace infer::device {
namespace {

constexpr size_t kMaxManifest = 64 * 1024;  // bytes

// The folder of a path, with its separator; empty for a bare name.
std::string folder_of(const std::string& path) {
  const size_t at = path.find_last_of("/\\");
  return at == std::string::npos ? std::string() : path.substr(0, at + 1);
}

// Every function that the host calls without asking whether it is there.
const char* missing_function(const infer_backend& b) {
#define NEED(f) \
  if (!INFER_HAS(&b, f)) return #f
  NEED(device_count);
  NEED(device_info);
  NEED(device_open);
  NEED(device_close);
  NEED(buffer_new);
  NEED(buffer_free);
  NEED(buffer_write);
  NEED(buffer_read);
  NEED(supports);
  NEED(plan_new);
  NEED(plan_free);
  NEED(plan_submit);
  NEED(plan_wait);
  NEED(plan_cancel);
#undef NEED
  return nullptr;
}

Result<const infer_backend*> check_table(const infer_backend* b, std::string_view label) {
  const auto refuse = [&](std::string_view why) {
    return Status(INFER_E_ABI, str(label, " ", why), "use the plugin that was made for this version of libinfer");
  };
  if (b->abi.major != INFER_BACKEND_MAJOR)
    return refuse(str("speaks backend ABI ", b->abi.major, ".", b->abi.minor, "; this library speaks ",
                      INFER_BACKEND_MAJOR, ".", INFER_BACKEND_MINOR));
  if (b->abi.struct_size < offsetof(infer_backend, option_at))
    return refuse(str("has a table of ", b->abi.struct_size, " bytes"));
  if (!b->name || !valid_backend_name(b->name)) return refuse("has no valid name");
  if (const char* missing = missing_function(*b)) return refuse(str("lacks the function ", missing));
  return b;
}

}  // namespace

bool valid_backend_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The members of a manifest's object that count, read as events. (nlohmann's tree allocates while it is destroyed:
// without memory that would end the process.)
struct TopLevel {
  using json = nlohmann::json;
  std::string name, library;
  std::optional<int64_t> major;

  bool key(std::string& k) { return key_ = k, true; }
  bool string(std::string& v) {
    if (depth_ == 1 && key_ == "name") name = v;
    if (depth_ == 1 && key_ == "library") library = v;
    return depth_ > 0;
  }
  bool number_integer(int64_t v) {
    if (depth_ == 1 && key_ == "abi_major") major = v;
    return depth_ > 0;
  }
  bool number_unsigned(uint64_t v) { return number_integer(v > INT64_MAX ? INT64_MAX : static_cast<int64_t>(v)); }
  bool number_float(double, const std::string&) { return depth_ > 0; }
  bool null() { return depth_ > 0; }
  bool boolean(bool) { return depth_ > 0; }
  bool binary(json::binary_t&) { return false; }
  bool start_object(size_t) { return ++depth_ <= 8; }
  bool end_object() { return --depth_ >= 0; }
  bool start_array(size_t) { return depth_ > 0 && ++depth_ <= 8; }
  bool end_array() { return --depth_ >= 0; }
  bool parse_error(size_t, const std::string&, const json::exception&) { return false; }

 private:
  int depth_ = 0;
  std::string key_;
};

Result<Manifest> read_manifest(const std::string& path) {
  const auto refuse = [&](std::string_view why) { return Status::corrupt(str("manifest ", path, " ", why)); };
  TRY_SET(const auto file, File::open(path));
  const auto bytes = file->bytes();
  if (bytes.size() > kMaxManifest) return refuse("is too large");
  const char* text = reinterpret_cast<const char*>(bytes.data());
  TopLevel json;
  if (!nlohmann::json::sax_parse(text, text + bytes.size(), &json)) return refuse("is not a JSON object");
  Manifest m{json.name, json.library};
  if (!valid_backend_name(m.name)) return refuse("has no valid \"name\"");
  if (m.library.empty() || m.library.find_first_of(std::string_view("/\\:\0", 4)) != std::string::npos ||
      m.library == "..")
    return refuse("has no \"library\" that is a plain file name");
  if (!json.major) return refuse("has no \"abi_major\"");
  if (*json.major != INFER_BACKEND_MAJOR)
    return Status(
        INFER_E_ABI,
        str("manifest ", path, " is for backend ABI ", *json.major, "; this library speaks ", INFER_BACKEND_MAJOR),
        "use the plugin that was made for this version of libinfer");
  m.library = folder_of(path) + m.library;
  return m;
}

Result<const infer_backend*> enter_backend(infer_backend_v0_fn entry, std::string_view label, const Log& log) {
  const LogScope scope(&log);
  const infer_backend* backend = nullptr;
  // NULL is the entry's way to refuse; host->fail said why.
  TRY(call(label, "starting it", [&] { return (backend = entry(host_table())) ? INFER_OK : INFER_E_UNSUPPORTED; }));
  return check_table(backend, label);
}

Result<const infer_backend*> load_plugin(const std::string& path, const Log& log) {
  TRY_SET(const Library library, Library::open(path));
  const auto entry = reinterpret_cast<infer_backend_v0_fn>(library.symbol("infer_backend_v0"));
  if (!entry)
    return Status(INFER_E_ABI,
                  str("'", path, "' exports no infer_backend_v0: not a libinfer plugin, or one for another version"),
                  "use the plugin that was made for this version of libinfer");
  return enter_backend(entry, path, log);
}

}  // namespace infer::device
