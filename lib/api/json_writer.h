// Writes JSON front to back into one string. (A library's tree would allocate while it is destroyed, which ends the
// process when memory is short.)
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/written.h"

namespace infer::api {

class JsonWriter {
 public:
  JsonWriter& open(char bracket) {  // '{' or '['
    comma();
    text_ += bracket;
    fresh_ = true;
    return *this;
  }
  JsonWriter& close(char bracket) {
    text_ += bracket;
    fresh_ = false;
    return *this;
  }
  JsonWriter& key(std::string_view name) {
    value(name);
    text_ += ':';
    fresh_ = true;
    return *this;
  }
  JsonWriter& value(std::string_view v) {
    comma();
    text_ += '"';
    append_json_escaped(text_, v);
    text_ += '"';
    return *this;
  }
  JsonWriter& value(int64_t v) {
    comma();
    text_ += std::to_string(v);
    return *this;
  }
  // What is JSON already.
  JsonWriter& literal(std::string_view json) {
    comma();
    text_ += json;
    return *this;
  }
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }
  std::string take() { return std::move(text_); }

 private:
  void comma() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }
  std::string text_;
  bool fresh_ = true;  // nothing stands before in this bracket
};

}  // namespace infer::api
