#include "objects.h"

namespace libinfer_python {
namespace {

std::unique_ptr<Engine> engine(const Model& self, const py::object& pairs) {
  const libinfer::Options o = options(pairs);
  const auto m = self.handle().get();
  infer_engine* made = nullptr;
  call([&] { return infer_engine_new(m.get(), o.get(), &made); });
  return std::make_unique<Engine>(made, self.handle().keep());
}

// (loaded, progress 0..1)
py::tuple wait_for(const Model& self, const py::object& seconds) {
  const auto m = self.handle().get();
  double progress = 0;
  const infer_status s = wait(seconds, [&](int32_t slice) { return infer_model_wait(m.get(), slice, &progress); });
  return py::make_tuple(s == INFER_OK, s == INFER_OK ? 1.0 : progress);
}

std::vector<int32_t> encode(const Model& self, const py::object& t, bool special, bool parse) {
  const std::string raw = utf8(t);
  const auto m = self.handle().get();
  const uint32_t flags = (special ? INFER_ENCODE_SPECIAL : 0u) | (parse ? INFER_ENCODE_PARSE : 0u);
  return filled_ids([&](int32_t* out, int64_t cap, int64_t* n) {
    return infer_model_encode(m.get(), raw.data(), static_cast<int64_t>(raw.size()), flags, out, cap, n);
  });
}

py::str decode(const Model& self, const py::object& tokens, bool special) {
  const std::vector<int32_t> t = ids(tokens);
  const auto m = self.handle().get();
  return text(filled_text([&](char* out, int64_t cap, int64_t* n) {
    return infer_model_decode(m.get(), t.data(), static_cast<int64_t>(t.size()), special ? INFER_DECODE_SPECIAL : 0u,
                              out, cap, n);
  }));
}

py::bytes token(const Model& self, int32_t id) {
  const auto m = self.handle().get();
  const char* data = nullptr;
  int64_t len = 0;
  call([&] { return infer_model_token(m.get(), id, &data, &len); });
  return {data, static_cast<size_t>(len)};
}

py::str render(const Model& self, const py::object& list, const py::object& pairs) {
  const Parts parts(list);
  const libinfer::Options o = options(pairs);
  const auto m = self.handle().get();
  return text(filled_text([&](char* out, int64_t cap, int64_t* n) {
    return infer_model_render(m.get(), parts.data(), parts.size(), o.get(), out, cap, n);
  }));
}

py::dict metadata(const Model& self) {
  const auto m = self.handle().get();
  py::dict all;
  const char *key = nullptr, *value = nullptr;
  for (int64_t i = 0; call([&] { return infer_model_meta_at(m.get(), i, &key, &value); }) == INFER_OK; ++i)
    all[text(key)] = text(value);
  return all;
}

py::list tensors(const Model& self) {
  const auto m = self.handle().get();
  py::list all;
  infer_tensor_info t = INFER_TENSOR_INFO_INIT;
  for (int64_t i = 0; call([&] { return infer_model_tensor_at(m.get(), i, &t); }) == INFER_OK; ++i) {
    py::tuple shape(static_cast<size_t>(t.n_dims));
    for (size_t d = 0; d < shape.size(); ++d) shape[d] = t.dim[d];
    py::dict one;
    one["name"] = text(t.name);
    one["type"] = text(t.type);
    one["shape"] = shape;
    one["bytes"] = t.bytes;
    all.append(one);
  }
  return all;
}

}  // namespace

void bind_model(py::module_& m) {
  const auto pairs = py::arg("options") = py::none();
  object<Model>(m, "Model", "Weights, tokenizer and chat template.")
      .def("engine", &engine, pairs)
      .def("wait", &wait_for, py::arg("timeout") = py::none(), "(loaded, progress); None: until it is loaded.")
      .def("cancel", [](const Model& self) { infer_model_cancel(self.handle().get().get()); })
      .def(
          "fact",
          [](const Model& self, const py::object& name) {
            const std::string named = utf8(name);
            const auto model = self.handle().get();
            int64_t value = 0;
            call([&] { return infer_model_fact(model.get(), named.c_str(), &value); });
            return value;
          },
          py::arg("name"))
      .def(
          "special",
          [](const Model& self, const py::object& name) -> py::object {
            const std::string named = utf8(name);
            const auto model = self.handle().get();
            int32_t id = -1;
            call([&] { return infer_model_special(model.get(), named.c_str(), &id); });
            return id < 0 ? py::object(py::none()) : py::object(py::int_(id));
          },
          py::arg("name"), "The id of \"bos\", \"eos\", ...; None: the model has none.")
      .def("metadata", &metadata)
      .def("tensors", &tensors)
      .def("encode", &encode, py::arg("text"), py::arg("special") = false, py::arg("parse") = false)
      .def("decode", &decode, py::arg("tokens"), py::arg("special") = false)
      .def("token", &token, py::arg("token"), "Its bytes; may be part of a character.")
      .def("render", &render, py::arg("parts"), pairs, "The prompt that a chat becomes: for showing.");
}

}  // namespace libinfer_python
