#include "call.h"

#include <atomic>
#include <thread>

namespace libinfer_python {
namespace {
std::atomic<bool> exits{false};
std::thread::id exiting;
}  // namespace

void WithoutLock::interpreter_exits() {
  exiting = std::this_thread::get_id();
  exits.store(true);
}

WithoutLock::~WithoutLock() {
  while (exits.load() && std::this_thread::get_id() != exiting) std::this_thread::sleep_for(std::chrono::hours(1));
  PyEval_RestoreThread(state_);
}

void raise(const libinfer::Error& error) { raise(error.status, error.message, error.hint); }

void raise(infer_status status, const std::string& message, const std::string& hint) {
  // Looked up each time: errors are rare, and a reference kept here would outlive the interpreter.
  const py::object made =
      py::module_::import("libinfer.errors")
          .attr("from_status")(static_cast<int>(status), infer_status_name(status),
                               py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
                                   message.data(), static_cast<Py_ssize_t>(message.size()), "replace")),
                               py::reinterpret_steal<py::object>(
                                   PyUnicode_DecodeUTF8(hint.data(), static_cast<Py_ssize_t>(hint.size()), "replace")));
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.ptr())), made.ptr());
  throw py::error_already_set();
}

}  // namespace libinfer_python
