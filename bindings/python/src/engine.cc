#include "objects.h"

namespace libinfer_python {
namespace {

template <class F>
std::unique_ptr<Request> submitted(const Engine& self, F&& submit) {
  const auto e = self.handle().get();
  infer_request* r = nullptr;
  call([&] { return submit(e.get(), &r); });
  return std::make_unique<Request>(r, self.handle().keep());
}

std::unique_ptr<Request> submit_text(const Engine& self, const py::object& prompt, const py::object& pairs) {
  const std::string t = utf8(prompt);
  const libinfer::Options o = options(pairs);
  return submitted(self, [&](infer_engine* e, infer_request** out) {
    return infer_engine_submit_text(e, t.data(), static_cast<int64_t>(t.size()), o.get(), out);
  });
}

std::unique_ptr<Request> submit_tokens(const Engine& self, const py::object& tokens, const py::object& pairs) {
  const std::vector<int32_t> t = ids(tokens);
  const libinfer::Options o = options(pairs);
  return submitted(self, [&](infer_engine* e, infer_request** out) {
    return infer_engine_submit_tokens(e, t.data(), static_cast<int64_t>(t.size()), o.get(), out);
  });
}

std::unique_ptr<Request> submit_chat(const Engine& self, const py::object& list, const py::object& pairs) {
  const Parts parts(list);
  const libinfer::Options o = options(pairs);
  return submitted(self, [&](infer_engine* e, infer_request** out) {
    return infer_engine_submit_chat(e, parts.data(), parts.size(), o.get(), out);
  });
}

std::unique_ptr<Request> chat_json(const Engine& self, const py::object& json, const py::object& pairs) {
  const std::string t = utf8(json);
  const libinfer::Options o = options(pairs);
  return submitted(self, [&](infer_engine* e, infer_request** out) {
    return infer_chat_json(e, t.data(), static_cast<int64_t>(t.size()), o.get(), out);
  });
}

// Rows first .. n-1, into `out` (a contiguous float32 buffer of that size) or a new one.
py::object logits(const Engine& self, const py::object& tokens, int64_t first, int64_t n_vocab, const py::object& out) {
  const std::vector<int32_t> t = ids(tokens);
  const auto n = static_cast<int64_t>(t.size());
  const auto e = self.handle().get();
  const auto compute = [&](float* to, int64_t len) {
    call([&] { return infer_engine_logits(e.get(), t.data(), n, first, to, len); });
  };
  if (!out.is_none()) {
    const py::buffer_info info = py::reinterpret_borrow<py::buffer>(out).request(true);
    py::ssize_t contiguous = info.itemsize;
    bool plain = info.item_type_is_equivalent_to<float>();
    for (auto d = info.ndim; plain && d-- > 0; contiguous *= info.shape[static_cast<size_t>(d)])
      plain = info.shape[static_cast<size_t>(d)] <= 1 || info.strides[static_cast<size_t>(d)] == contiguous;
    if (!plain) raise(INFER_E_INVALID, "out is not a contiguous buffer of float32", "");
    compute(static_cast<float*>(info.ptr), info.size);
    return out;
  }
  const int64_t rows = first >= 0 && first < n ? n - first : 0;
  auto made = std::make_unique<Floats>(std::vector<float>(static_cast<size_t>(rows * n_vocab)), n_vocab);
  compute(made->data(), made->size());
  return py::cast(std::move(made));
}

py::dict counters(const Engine& self) {
  const auto e = self.handle().get();
  py::dict all;
  const char* name = nullptr;
  int64_t value = 0;
  for (int32_t i = 0; call([&] { return infer_engine_counter_at(e.get(), i, &name, &value); }) == INFER_OK; ++i)
    all[text(name)] = value;
  return all;
}

py::list adapters(const Engine& self) {
  const auto e = self.handle().get();
  py::list all;
  const char* name = nullptr;
  for (int32_t i = 0; call([&] { return infer_engine_adapter_at(e.get(), i, &name); }) == INFER_OK; ++i)
    all.append(text(name));
  return all;
}

// A call that takes a name, tokens, a path or options, and the like, and gives a number or nothing.
int64_t save(const Engine& self, const py::object& tokens, const py::object& file, const py::object& pairs) {
  const std::vector<int32_t> t = ids(tokens);
  const std::string to = path(file);
  const libinfer::Options o = options(pairs);
  const auto e = self.handle().get();
  int64_t n = 0;
  call([&] { return infer_engine_save(e.get(), t.data(), static_cast<int64_t>(t.size()), o.get(), to.c_str(), &n); });
  return n;
}

std::vector<int32_t> restore(const Engine& self, const py::object& file, const py::object& pairs) {
  const std::string from = path(file);
  const libinfer::Options o = options(pairs);
  const auto e = self.handle().get();
  return filled_ids([&](int32_t* out, int64_t cap,
                        int64_t* n) { return infer_engine_restore(e.get(), from.c_str(), o.get(), out, cap, n); },
                    16384);
}

int64_t pin(const Engine& self, const py::object& name, const py::object& tokens, const py::object& pairs) {
  const std::string named = utf8(name);
  const std::vector<int32_t> t = ids(tokens);
  const libinfer::Options o = options(pairs);
  const auto e = self.handle().get();
  int64_t n = 0;
  call([&] { return infer_engine_pin(e.get(), named.c_str(), t.data(), static_cast<int64_t>(t.size()), o.get(), &n); });
  return n;
}

void load_adapter(const Engine& self, const py::object& name, const py::object& file, const py::object& pairs) {
  const std::string named = utf8(name), from = path(file);
  const libinfer::Options o = options(pairs);
  const auto e = self.handle().get();
  call([&] { return infer_engine_load_adapter(e.get(), named.c_str(), from.c_str(), o.get()); });
}

std::unique_ptr<Prompt> prompt(const Engine& self, const py::object& pairs) {
  const libinfer::Options o = options(pairs);
  const auto e = self.handle().get();
  infer_prompt* made = nullptr;
  call([&] { return infer_prompt_new(e.get(), o.get(), &made); });
  return std::make_unique<Prompt>(made, self.handle().keep());
}

py::str describe(const Engine& self) {
  const auto e = self.handle().get();
  const char* json = nullptr;
  int64_t len = 0;
  call([&] { return infer_engine_describe(e.get(), &json, &len); });
  return text(json, len);
}

template <infer_status (*F)(infer_engine*, char*, int64_t, int64_t*) noexcept>
py::str report(const Engine& self) {
  const auto e = self.handle().get();
  return text(filled_text([&](char* out, int64_t cap, int64_t* n) { return F(e.get(), out, cap, n); }));
}

template <infer_status (*F)(infer_engine*, const char*) noexcept>
void by_name(const Engine& self, const py::object& name) {
  const std::string named = utf8(name);
  const auto e = self.handle().get();
  call([&] { return F(e.get(), named.c_str()); });
}

}  // namespace

void bind_engine(py::module_& m) {
  const auto pairs = py::arg("options") = py::none();
  object<Engine>(m, "Engine", "Scheduler and KV cache: takes requests from any thread.")
      .def("submit_text", &submit_text, py::arg("text"), pairs)
      .def("submit_tokens", &submit_tokens, py::arg("tokens"), pairs)
      .def("submit_chat", &submit_chat, py::arg("parts"), pairs)
      .def("chat_json", &chat_json, py::arg("json"), pairs)
      .def("prompt", &prompt, pairs)
      .def("logits", &logits, py::arg("tokens"), py::arg("first"), py::arg("n_vocab"), py::arg("out") = py::none())
      .def("counters", &counters)
      .def("describe", &describe, "What it decided when it was made: JSON.")
      .def("metrics", &report<infer_engine_metrics>, "Prometheus text.")
      .def("trace", &report<infer_engine_trace>, "JSON for the viewers of Chrome and Perfetto.")
      .def("pause",
           [](const Engine& self) {
             const auto e = self.handle().get();
             call([&] { return infer_engine_pause(e.get()); });
           })
      .def("resume",
           [](const Engine& self) {
             const auto e = self.handle().get();
             call([&] { return infer_engine_resume(e.get()); });
           })
      .def(
          "drain",
          [](const Engine& self, const py::object& seconds) {
            const auto e = self.handle().get();
            return wait(seconds, [&](int32_t slice) { return infer_engine_drain(e.get(), slice); }) == INFER_OK;
          },
          py::arg("timeout") = py::none(), "False: requests are left, the timeout passed.")
      .def("trim",
           [](const Engine& self) {
             const auto e = self.handle().get();
             int64_t freed = 0;
             call([&] { return infer_engine_trim(e.get(), &freed); });
             return freed;
           })
      .def("save", &save, py::arg("tokens"), py::arg("path"), pairs)
      .def("restore", &restore, py::arg("path"), pairs)
      .def("pin", &pin, py::arg("name"), py::arg("tokens"), pairs)
      .def("unpin", &by_name<infer_engine_unpin>, py::arg("name"))
      .def("load_adapter", &load_adapter, py::arg("name"), py::arg("path"), pairs)
      .def("drop_adapter", &by_name<infer_engine_drop_adapter>, py::arg("name"))
      .def("adapters", &adapters);
}

}  // namespace libinfer_python
