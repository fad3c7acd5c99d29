// libinfer._core: the objects of infer.h one to one. What is Pythonic about libinfer is in libinfer/*.py.
#include <pthread.h>

#include <atomic>

#include "objects.h"

namespace libinfer_python {
namespace {

std::atomic<int> children{0};

py::list option_rows() {
  py::list rows;
  for (int32_t i = 0; const char* row = infer_option_at(i); ++i) rows.append(text(row));
  return rows;
}

py::object item(const Floats& self, int64_t i, Floats& data) {
  const int64_t n = self.columns() > 0 ? self.rows() : self.size();
  if (i < 0) i += n;
  if (i < 0 || i >= n) throw py::index_error("index out of range");
  if (self.columns() == 0) return py::float_(data.data()[i]);
  py::list row(static_cast<size_t>(self.columns()));
  for (int64_t j = 0; j < self.columns(); ++j) row[static_cast<size_t>(j)] = data.data()[i * self.columns() + j];
  return row;
}

}  // namespace

int forks() { return children.load(std::memory_order_relaxed); }

void bind_values(py::module_& m) {
  py::class_<Floats>(m, "Floats", py::buffer_protocol(),
                     "float32 numbers of the library: numpy.asarray() and memoryview() see them without a copy.")
      .def_buffer(&Floats::buffer)
      .def_property_readonly("shape",
                             [](const Floats& f) -> py::tuple {
                               if (f.columns() > 0) return py::make_tuple(f.rows(), f.columns());
                               return py::make_tuple(f.size());
                             })
      .def("__len__", [](const Floats& f) { return f.columns() > 0 ? f.rows() : f.size(); })
      .def("__iter__",
           [](const py::object& self) {  // as list(memoryview) would; rows are lists
             return py::iter(py::module_::import("builtins").attr("memoryview")(self).attr("tolist")());
           })
      .def("__getitem__", [](Floats& f, int64_t i) { return item(f, i, f); });
}

}  // namespace libinfer_python

PYBIND11_MODULE(_core, m) {
  using namespace libinfer_python;
  m.doc() = "The objects of libinfer's C interface.";
  pthread_atfork(nullptr, nullptr, [] { children.fetch_add(1); });
  py::module_::import("atexit").attr("register")(py::cpp_function(&WithoutLock::interpreter_exits));
  bind_values(m);
  bind_request(m);
  bind_prompt(m);
  bind_engine(m);
  bind_model(m);
  bind_runtime(m);
  m.def("version", [] { return text(infer_version()); });
  m.def("abi_version", &infer_abi_version);
  m.def("option_rows", &option_rows, "Every option, \"key|type|range|default|scope|help\".");
}
