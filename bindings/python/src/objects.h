// The library's objects as Python holds them. Each binds its methods in the file of its name.
#pragma once
#include <mutex>

#include "convert.h"
#include "handle.h"
#include "signals.h"

namespace libinfer_python {

class Request {
 public:
  Request(infer_request* raw, Keep keep)
      : handle_(raw, "Request", std::move(keep)), mutex_(std::make_shared<std::mutex>()) {}
  py::object next(const py::object& seconds);
  py::object poll();
  void cancel() { infer_request_cancel(handle_.get().get()); }
  void close();
  const Handle<infer_request>& handle() const { return handle_; }

 private:
  Handle<infer_request> handle_;
  std::shared_ptr<std::mutex> mutex_;  // pieces are pulled by one thread at a time
};

class Prompt {
 public:
  Prompt(infer_prompt* raw, Keep keep)
      : handle_(raw, "Prompt", std::move(keep)), mutex_(std::make_shared<std::mutex>()) {}
  // f(prompt), when no answer is being generated any more.
  template <class F>
  infer_status when_ready(F&& f) {
    const auto p = handle_.get();
    wait_for(py::none());
    return call([&, p] {
      const std::lock_guard lock(*mutex_);
      return f(p.get());
    });
  }
  infer_status wait_for(const py::object& seconds);
  void close();
  const Handle<infer_prompt>& handle() const { return handle_; }
  std::mutex& mutex() { return *mutex_; }

 private:
  Handle<infer_prompt> handle_;
  std::shared_ptr<std::mutex> mutex_;
};

class Engine {
 public:
  Engine(infer_engine* raw, Keep keep) : handle_(raw, "Engine", std::move(keep)) {}
  const Handle<infer_engine>& handle() const { return handle_; }
  void close() { handle_.close(); }

 private:
  Handle<infer_engine> handle_;
};

class Model {
 public:
  Model(infer_model* raw, Keep keep) : handle_(raw, "Model", std::move(keep)) {}
  const Handle<infer_model>& handle() const { return handle_; }
  void close() { handle_.close(); }

 private:
  Handle<infer_model> handle_;
};

class Runtime {
 public:
  explicit Runtime(const py::object& options);
  const Handle<infer_runtime>& handle() const { return handle_; }
  const std::shared_ptr<Signals>& signals() const { return signals_; }
  void close() { handle_.close(); }

 private:
  std::shared_ptr<Signals> signals_;
  Handle<infer_runtime> handle_;
};

void bind_values(py::module_& m);
void bind_request(py::module_& m);
void bind_prompt(py::module_& m);
void bind_engine(py::module_& m);
void bind_model(py::module_& m);
void bind_runtime(py::module_& m);

// close(), closed, with: of every object.
template <class T>
py::class_<T> object(py::module_& m, const char* name, const char* help) {
  py::class_<T> c(m, name, help);
  c.def("close", &T::close, "Lets go of it. Others made from it go on.");
  c.def_property_readonly("closed", [](const T& self) { return self.handle().closed(); });
  c.def(
      "__enter__", [](T& self) -> T& { return self; }, py::return_value_policy::reference_internal);
  c.def("__exit__", [](T& self, const py::args&) { self.close(); });
  return c;
}

// The text that fill(out, cap, n) writes.
template <class F>
std::string filled_text(F&& fill) {
  libinfer::Error error;
  std::string out;
  {
    WithoutLock free;
    auto got = libinfer::detail::filled<std::string>(fill);
    if (got) {
      out = *std::move(got);
    } else {
      error = got.error();
    }
  }
  if (error.status < 0) raise(error);
  return out;
}
template <class F>
std::vector<int32_t> filled_ids(F&& fill, int64_t room = 0) {
  libinfer::Error error;
  std::vector<int32_t> out;
  {
    WithoutLock free;
    auto got = libinfer::detail::filled<std::vector<int32_t>>(fill, room);
    if (got) {
      out = *std::move(got);
    } else {
      error = got.error();
    }
  }
  if (error.status < 0) raise(error);
  return out;
}

}  // namespace libinfer_python
