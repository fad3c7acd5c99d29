// GGUF bytes written without any rule, field by field; each field with a name is remembered, so that a test can go over
// all of them.
#pragma once
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace infer::formats {

// Type numbers of the format.
enum : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kStr, kArr, kU64, kI64, kF64 };

class Raw {
 public:
  struct Field {
    std::string name;
    size_t at, width;
  };
  std::string bytes;
  std::vector<Field> fields;

  template <class T>
  Raw& put(std::string name, T v) {
    if (!name.empty()) fields.push_back({std::move(name), bytes.size(), sizeof v});
    bytes.append(reinterpret_cast<const char*>(&v), sizeof v);
    return *this;
  }
  Raw& text(const std::string& name, std::string_view s) {
    put(name.empty() ? name : name + ".length", uint64_t{s.size()});
    bytes += s;
    return *this;
  }
  Raw& header(uint64_t n_tensors, uint64_t n_keys, uint32_t version = 3) {
    bytes += "GGUF";
    return put("version", version).put("n_tensors", n_tensors).put("n_keys", n_keys);
  }
  template <class T>
  Raw& key(std::string_view name, uint32_t type, T value) {
    return text(std::string(name), name)
        .put(std::string(name) + ".type", type)
        .put(std::string(name) + ".value", value);
  }
  Raw& key(std::string_view name, std::string_view value) {
    return text(std::string(name), name)
        .put(std::string(name) + ".type", uint32_t{kStr})
        .text(std::string(name) + ".value", value);
  }
  template <class T>
  Raw& array(std::string_view name, uint32_t type, const std::vector<T>& values) {
    array_head(name, type, values.size());
    for (size_t i = 0; i < values.size(); ++i) put(std::string(name) + "[" + std::to_string(i) + "]", values[i]);
    return *this;
  }
  Raw& array(std::string_view name, const std::vector<std::string>& values) {
    array_head(name, kStr, values.size());
    for (size_t i = 0; i < values.size(); ++i) text(std::string(name) + "[" + std::to_string(i) + "]", values[i]);
    return *this;
  }
  Raw& array_head(std::string_view name, uint32_t type, uint64_t count) {
    return text(std::string(name), name)
        .put(std::string(name) + ".type", uint32_t{kArr})
        .put(std::string(name) + ".element", type)
        .put(std::string(name) + ".count", count);
  }
  // dims: innermost first, as in the file.
  Raw& tensor(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset) {
    text(name, name).put(name + ".rank", static_cast<uint32_t>(dims.size()));
    for (size_t d = 0; d < dims.size(); ++d) put(name + ".dim" + std::to_string(d), dims[d]);
    return put(name + ".type", type).put(name + ".offset", offset);
  }
  Raw& data(size_t n, size_t alignment = 32) {
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    bytes.append(n, '\x11');
    return *this;
  }
};

}  // namespace infer::formats
