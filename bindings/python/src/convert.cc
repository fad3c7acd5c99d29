#include "convert.h"

#include <cstring>

namespace libinfer_python {

std::string utf8(py::handle value) {
  if (PyBytes_Check(value.ptr())) return {PyBytes_AS_STRING(value.ptr()), size_t(PyBytes_GET_SIZE(value.ptr()))};
  if (!PyUnicode_Check(value.ptr()))
    throw py::type_error("expected str, not " + std::string(Py_TYPE(value.ptr())->tp_name));
  Py_ssize_t n = 0;
  const char* data = PyUnicode_AsUTF8AndSize(value.ptr(), &n);
  if (!data) throw py::error_already_set();  // UnicodeEncodeError: half of a surrogate pair
  return {data, static_cast<size_t>(n)};
}

std::string path(py::handle p) {
  PyObject* bytes = nullptr;
  if (!PyUnicode_FSConverter(p.ptr(), &bytes)) throw py::error_already_set();  // refuses NUL, too
  const py::object owner = py::reinterpret_steal<py::object>(bytes);
  return {PyBytes_AS_STRING(bytes), static_cast<size_t>(PyBytes_GET_SIZE(bytes))};
}

py::str text(const char* data, int64_t len) {
  PyObject* s = PyUnicode_DecodeUTF8(data ? data : "", data ? static_cast<Py_ssize_t>(len) : 0, "replace");
  if (!s) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(s);
}

std::vector<int32_t> ids(const py::object& tokens) {
  if (PyObject_CheckBuffer(tokens.ptr())) {
    const py::buffer_info info = py::reinterpret_borrow<py::buffer>(tokens).request();
    if (info.ndim == 1 && info.item_type_is_equivalent_to<int32_t>() && info.strides[0] == 4) {
      const auto* first = static_cast<const int32_t*>(info.ptr);
      return {first, first + info.shape[0]};
    }
  }
  std::vector<int32_t> out;
  for (const py::handle token : tokens) {
    const long id = PyLong_AsLong(token.ptr());
    if (id == -1 && PyErr_Occurred()) throw py::error_already_set();  // TypeError, OverflowError
    if (id != static_cast<int32_t>(id)) {
      PyErr_SetString(PyExc_OverflowError, "a token id does not fit 32 bits");
      throw py::error_already_set();
    }
    out.push_back(static_cast<int32_t>(id));
  }
  return out;
}

libinfer::Options options(const py::object& pairs) {
  libinfer::Options o;
  if (pairs.is_none()) return o;
  for (const py::handle pair : pairs) {
    const std::string key = utf8(pair[py::int_(0)]);
    const py::object value = pair[py::int_(1)];
    if (PyLong_Check(value.ptr())) {  // bool too
      int overflow = 0;
      const long long number = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
      if (overflow != 0) raise(INFER_E_INVALID, key + ": the number does not fit 64 bits", "");
      o.set(key.c_str(), static_cast<int64_t>(number));
    } else if (PyFloat_Check(value.ptr())) {
      o.set(key.c_str(), PyFloat_AS_DOUBLE(value.ptr()));
    } else {
      o.set(key.c_str(), utf8(value));
    }
  }
  if (!o.outcome()) raise(o.outcome().error());
  return o;
}

py::buffer_info Floats::buffer() {
  constexpr auto kSize = static_cast<py::ssize_t>(sizeof(float));
  if (columns_ == 0) return {data_.data(), kSize, py::format_descriptor<float>::format(), 1, {size()}, {kSize}};
  return {
      data_.data(), kSize, py::format_descriptor<float>::format(), 2, {rows(), columns_}, {columns_ * kSize, kSize}};
}

Parts::Parts(const py::object& list) {
  std::vector<int> has_role;
  for (const py::handle part : list) {
    const py::object role = part[py::int_(0)];
    has_role.push_back(!role.is_none());
    texts_.push_back(role.is_none() ? std::string() : utf8(role));
    texts_.push_back(utf8(part[py::int_(1)]));
    texts_.push_back(utf8(part[py::int_(2)]));
  }
  for (size_t i = 0; i < has_role.size(); ++i) {
    infer_part part = INFER_PART_INIT;
    part.role = has_role[i] ? texts_[3 * i].c_str() : nullptr;
    part.kind = texts_[3 * i + 1].c_str();
    part.data = texts_[3 * i + 2].data();
    part.len = static_cast<int64_t>(texts_[3 * i + 2].size());
    parts_.push_back(part);
  }
}

}  // namespace libinfer_python
