#include "objects.h"

namespace libinfer_python {
namespace {

infer_runtime* create(const py::object& pairs, Signals& signals) {
  const libinfer::Options o = options(pairs);
  const infer_hooks hooks = signals.hooks();
  infer_runtime* made = nullptr;
  call([&] { return infer_runtime_new(o.get(), &hooks, &made); });
  return made;
}

// Loads behind the caller, which waits; Ctrl-C stops it.
std::unique_ptr<Model> loaded(std::unique_ptr<Model> model) {
  const auto m = model->handle().get();
  try {
    wait(py::none(), [&](int32_t slice) { return infer_model_wait(m.get(), slice, nullptr); });
  } catch (...) {
    infer_model_cancel(m.get());
    throw;
  }
  return model;
}

std::unique_ptr<Model> open_start(const Runtime& self, const py::object& file, const py::object& pairs) {
  const std::string from = path(file);
  const libinfer::Options o = options(pairs);
  const auto rt = self.handle().get();
  infer_model* made = nullptr;
  call([&] { return infer_model_open_start(rt.get(), from.c_str(), o.get(), &made); });
  return std::make_unique<Model>(made, self.handle().keep());
}

std::unique_ptr<Model> open_fd(const Runtime& self, int32_t fd, int64_t offset, int64_t length,
                               const py::object& pairs) {
  const libinfer::Options o = options(pairs);
  const auto rt = self.handle().get();
  infer_model* made = nullptr;
  call([&] { return infer_model_open_fd(rt.get(), fd, offset, length, o.get(), &made); });
  return std::make_unique<Model>(made, self.handle().keep());
}

// A Python buffer that stays as it is while the model lives.
struct Borrowed {
  Keep runtime;
  Py_buffer view{};
  ~Borrowed() {
    const py::gil_scoped_acquire lock;
    PyBuffer_Release(&view);
  }
};

std::unique_ptr<Model> open_memory(const Runtime& self, const py::object& data, const py::object& pairs) {
  const libinfer::Options o = options(pairs);
  const auto rt = self.handle().get();
  auto memory = std::make_unique<Borrowed>();
  if (PyObject_GetBuffer(data.ptr(), &memory->view, PyBUF_SIMPLE) != 0) throw py::error_already_set();
  memory->runtime = self.handle().keep();
  const Keep keep = std::shared_ptr<Borrowed>(std::move(memory));
  const Py_buffer& view = static_cast<Borrowed*>(keep.get())->view;
  infer_model* made = nullptr;
  call([&] { return infer_model_open_memory(rt.get(), view.buf, view.len, o.get(), &made); });
  return std::make_unique<Model>(made, keep);
}

py::list devices(const Runtime& self) {
  const auto rt = self.handle().get();
  py::list all;
  infer_device d = INFER_DEVICE_INIT;
  for (int32_t i = 0; call([&] { return infer_runtime_device_at(rt.get(), i, &d); }) == INFER_OK; ++i) {
    py::dict one;
    one["backend"] = text(d.backend);
    one["name"] = text(d.name);
    one["kind"] = d.kind;
    one["features"] = text(d.features);
    one["memory_total"] = d.memory_total;
    one["memory_free"] = d.memory_free;
    all.append(one);
  }
  return all;
}

py::list backends(const Runtime& self) {
  const auto rt = self.handle().get();
  py::list all;
  infer_backend_info b = INFER_BACKEND_INFO_INIT;
  for (int32_t i = 0; call([&] { return infer_runtime_backend_at(rt.get(), i, &b); }) == INFER_OK; ++i) {
    py::dict one;
    one["name"] = text(b.name);
    one["loaded"] = b.loaded != 0;
    one["path"] = text(b.path);
    one["note"] = text(b.note);
    all.append(one);
  }
  return all;
}

}  // namespace

Runtime::Runtime(const py::object& options)
    : signals_(std::make_shared<Signals>()), handle_(create(options, *signals_), "Runtime", signals_) {}

void bind_runtime(py::module_& m) {
  const auto pairs = py::arg("options") = py::none();
  py::class_<Waker>(m, "Waker", "A descriptor that becomes readable when something may be pulled.")
      .def("fileno", &Waker::fileno)
      .def("clear", &Waker::clear)
      .def("close", &Waker::close);
  object<Runtime>(m, "Runtime", "Backends, devices and log.")
      .def(py::init<const py::object&>(), pairs)
      .def(
          "open",
          [](const Runtime& self, const py::object& file, const py::object& o) {
            return loaded(open_start(self, file, o));
          },
          py::arg("path"), pairs)
      .def("open_start", &open_start, py::arg("path"), pairs, "Returns at once; Model.wait tells the outcome.")
      .def("open_fd", &open_fd, py::arg("fd"), py::arg("offset") = 0, py::arg("length") = -1, pairs)
      .def("open_memory", &open_memory, py::arg("data"), pairs)
      .def(
          "load_backend",
          [](const Runtime& self, const py::object& file) {
            const std::string from = path(file);
            const auto rt = self.handle().get();
            call([&] { return infer_runtime_load_backend(rt.get(), from.c_str()); });
          },
          py::arg("path"))
      .def("devices", &devices)
      .def("backends", &backends)
      .def(
          "log",
          [](const Runtime& self) {
            self.handle().check_process();  // its mutex may be held by a thread that is gone
            py::list lines;
            for (const auto& [level, line] : self.signals()->take_log())
              lines.append(py::make_tuple(level, text(line)));
            return lines;
          },
          "(level, text) of what was logged since the last call: 0 debug .. 3 error.")
      .def("waker", [](const Runtime& self) {
        self.handle().check_process();
        return std::make_unique<Waker>(self.signals());
      });
}

}  // namespace libinfer_python
