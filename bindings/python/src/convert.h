// Python values into those of the C interface, and back.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "call.h"

namespace libinfer_python {

std::string utf8(py::handle text);  // of a str; bytes as they are
std::string path(py::handle p);     // str, bytes or os.PathLike
py::str text(const char* data, int64_t len);
inline py::str text(const std::string& s) { return text(s.data(), static_cast<int64_t>(s.size())); }
inline py::str text(const char* s) { return text(std::string(s ? s : "")); }

// A sequence of numbers, or a contiguous buffer of int32 (an array of NumPy).
std::vector<int32_t> ids(const py::object& tokens);

// Pairs (key, value) in order; a key may come again where its option is a list.
libinfer::Options options(const py::object& pairs);

// Numbers of the library that Python sees without a copy, by the buffer protocol: [n] or [rows, columns].
class Floats {
 public:
  Floats(std::vector<float> data, int64_t columns) : data_(std::move(data)), columns_(columns) {}
  py::buffer_info buffer();
  int64_t rows() const { return columns_ > 0 ? static_cast<int64_t>(data_.size()) / columns_ : 0; }
  int64_t size() const { return static_cast<int64_t>(data_.size()); }
  int64_t columns() const { return columns_; }  // 0: one dimension
  float* data() { return data_.data(); }

 private:
  std::vector<float> data_;
  int64_t columns_;
};

// Messages of a chat: tuples (role or None, kind, data).
class Parts {
 public:
  explicit Parts(const py::object& list);
  const infer_part* data() const { return parts_.data(); }
  int64_t size() const { return static_cast<int64_t>(parts_.size()); }

 private:
  std::vector<std::string> texts_;
  std::vector<infer_part> parts_;
};

}  // namespace libinfer_python
