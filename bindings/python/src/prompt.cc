#include "objects.h"

namespace libinfer_python {

infer_status Prompt::wait_for(const py::object& seconds) {
  const auto p = handle_.get();
  try {
    return wait(seconds, [&](int32_t slice) {
      const std::lock_guard lock(*mutex_);
      return infer_prompt_wait(p.get(), slice);
    });
  } catch (py::error_already_set& e) {
    if (e.matches(PyExc_KeyboardInterrupt)) infer_prompt_cancel(p.get());
    throw;
  }
}

void Prompt::close() {
  if (handle_.closed()) return;
  if (!handle_.of_parent()) infer_prompt_cancel(handle_.get().get());
  handle_.close();
}

namespace {

py::object gen(Prompt& self, const py::object& name, const py::object& pairs, bool stream) {
  const libinfer::Options o = options(pairs);
  const std::string named = name.is_none() ? "" : utf8(name);
  infer_request* r = nullptr;
  self.when_ready([&](infer_prompt* p) {
    return infer_prompt_gen(p, name.is_none() ? nullptr : named.c_str(), o.get(), stream ? &r : nullptr);
  });
  return stream ? py::cast(std::make_unique<Request>(r, self.handle().keep())) : py::object(py::none());
}

py::tuple select(Prompt& self, const py::object& name, const py::list& choices, const py::object& pairs) {
  const libinfer::Options o = options(pairs);
  const std::string named = name.is_none() ? "" : utf8(name);
  std::vector<std::string> texts;
  for (const py::handle choice : choices) texts.push_back(utf8(choice));
  std::vector<const char*> raw;
  for (const std::string& t : texts) raw.push_back(t.c_str());
  std::vector<double> scores(texts.size());
  int64_t which = 0;
  const auto p = self.handle().get();
  self.wait_for(py::none());
  call_interruptibly(
      [&] {
        const std::lock_guard lock(self.mutex());
        return infer_prompt_select(p.get(), name.is_none() ? nullptr : named.c_str(), raw.data(),
                                   static_cast<int64_t>(raw.size()), o.get(), scores.data(), &which);
      },
      [&] { infer_prompt_cancel(p.get()); });
  return py::make_tuple(which, scores);
}

}  // namespace

void bind_prompt(py::module_& m) {
  object<Prompt>(m, "Prompt", "A text that the program and the model write by turns.")
      .def(
          "append",
          [](Prompt& self, const py::object& added, bool parse) {
            const std::string t = utf8(added);
            self.when_ready([&](infer_prompt* p) {
              return infer_prompt_append(p, t.data(), static_cast<int64_t>(t.size()), parse ? INFER_ENCODE_PARSE : 0u);
            });
          },
          py::arg("text"), py::arg("parse") = false)
      .def(
          "append_chat",
          [](Prompt& self, const py::object& list, const py::object& pairs) {
            const Parts parts(list);
            const libinfer::Options o = options(pairs);
            self.when_ready(
                [&](infer_prompt* p) { return infer_prompt_append_chat(p, parts.data(), parts.size(), o.get()); });
          },
          py::arg("parts"), py::arg("options") = py::none())
      .def("gen", &gen, py::arg("name") = py::none(), py::arg("options") = py::none(), py::arg("stream") = false)
      .def("select", &select, py::arg("name"), py::arg("choices"), py::arg("options") = py::none(),
           "(index, mean log-probability of a token of each choice)")
      .def("fork",
           [](Prompt& self) {
             infer_prompt* made = nullptr;
             self.when_ready([&](infer_prompt* p) { return infer_prompt_fork(p, &made); });
             return std::make_unique<Prompt>(made, self.handle().keep());
           })
      .def("join",
           [](Prompt& self, Prompt& other) {
             other.wait_for(py::none());
             const auto from = other.handle().get();
             self.when_ready([&](infer_prompt* p) { return infer_prompt_join(p, from.get()); });
           })
      .def(
          "wait", [](Prompt& self, const py::object& seconds) { return self.wait_for(seconds) == INFER_OK; },
          py::arg("timeout") = py::none(), "False: the timeout passed.")
      .def("value",
           [](Prompt& self, const py::object& name) {
             const std::string named = utf8(name);
             self.wait_for(py::none());
             const auto p = self.handle().get();
             return text(filled_text([&](char* out, int64_t cap, int64_t* n) {
               const std::lock_guard lock(self.mutex());
               return infer_prompt_value(p.get(), named.c_str(), out, cap, n);
             }));
           })
      .def("text",
           [](Prompt& self) {
             self.wait_for(py::none());
             const auto p = self.handle().get();
             return text(filled_text([&](char* out, int64_t cap, int64_t* n) {
               const std::lock_guard lock(self.mutex());
               return infer_prompt_text(p.get(), out, cap, n);
             }));
           })
      .def("cancel", [](Prompt& self) { infer_prompt_cancel(self.handle().get().get()); });
}

}  // namespace libinfer_python
