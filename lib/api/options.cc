// infer_options_*: see settings.h for what they hold.
#include <cstring>
#include <memory>

#include "api/guard.h"
#include "api/handles.h"

using namespace infer;
using namespace infer::api;

namespace {

template <class F>
infer_status with_key(infer_options* o, const char* key, F&& f) noexcept {
  return guard([&]() -> Answer {
    TRY(need(o, "o"));
    TRY(need(key, "key"));
    return f(o->settings, std::string_view(key));
  });
}

}  // namespace

extern "C" {

infer_status infer_options_new(infer_options** out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(out, "out"));
    *out = new infer_options();
    return INFER_OK;
  });
}

void infer_options_release(infer_options* o) noexcept {
  guard_void([&] { delete o; });
}

infer_status infer_options_set_int(infer_options* o, const char* key, int64_t value) noexcept {
  return with_key(o, key, [&](Settings& s, std::string_view k) { return s.set_int(k, value); });
}

infer_status infer_options_set_num(infer_options* o, const char* key, double value) noexcept {
  return with_key(o, key, [&](Settings& s, std::string_view k) { return s.set_num(k, value); });
}

infer_status infer_options_set_str(infer_options* o, const char* key, const char* value, int64_t len) noexcept {
  return with_key(o, key, [&](Settings& s, std::string_view k) -> Status {
    TRY(need(value, "value"));
    return s.set_str(k, len < 0 ? std::string_view(value) : std::string_view(value, static_cast<size_t>(len)));
  });
}

infer_status infer_options_parse(infer_options* o, const char* key, const char* value) noexcept {
  return with_key(o, key, [&](Settings& s, std::string_view k) -> Status {
    TRY(need(value, "value"));
    return s.parse(k, value);
  });
}

const char* infer_option_at(int32_t i) noexcept {
  const auto rows = option_rows();
  return i >= 0 && static_cast<size_t>(i) < rows.size() ? rows[static_cast<size_t>(i)].text : nullptr;
}

}  // extern "C"
