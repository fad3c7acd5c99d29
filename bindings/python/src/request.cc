#include "objects.h"

namespace libinfer_python {
namespace {

// What came since the piece before: copied, so it stays.
struct Piece {
  py::str text;
  py::list tokens;
  py::object logprobs = py::none();   // list of float
  py::object top = py::none();        // per token a list of (token, log-probability)
  py::object embedding = py::none();  // Floats
  int finish = 0;
  int sample = 0;
};

Piece to_piece(const infer_piece& raw) {
  Piece p;
  p.text = text(raw.text, raw.text_len);
  p.finish = raw.finish;
  p.sample = raw.sample;
  const auto n = static_cast<size_t>(raw.n_tokens);
  p.tokens = py::list(n);
  for (size_t i = 0; i < n; ++i) p.tokens[i] = py::int_(raw.tokens[i]);
  if (raw.logprobs) {
    py::list chosen(n);
    for (size_t i = 0; i < n; ++i) chosen[i] = py::float_(raw.logprobs[i]);
    p.logprobs = std::move(chosen);
  }
  if (raw.top) {
    py::list rows(n);
    const auto width = static_cast<size_t>(raw.n_top);
    for (size_t i = 0; i < n; ++i) {
      py::list row(width);
      for (size_t j = 0; j < width; ++j)
        row[j] = py::make_tuple(raw.top[i * width + j].token, raw.top[i * width + j].logprob);
      rows[i] = std::move(row);
    }
    p.top = std::move(rows);
  }
  if (raw.embedding)
    p.embedding =
        py::cast(std::make_unique<Floats>(std::vector<float>(raw.embedding, raw.embedding + raw.n_embedding), 0));
  return p;
}

py::dict usage(const Request& r) {
  const auto handle = r.handle().get();
  infer_usage u = INFER_USAGE_INIT;
  call([&] { return infer_request_usage(handle.get(), &u); });
  py::dict d;
  d["finish"] = u.finish;
  d["state"] = u.state;
  d["prompt_tokens"] = u.prompt_tokens;
  d["cached_tokens"] = u.cached_tokens;
  d["generated_tokens"] = u.generated_tokens;
  d["queue_ms"] = u.queue_ms;
  d["first_token_ms"] = u.first_token_ms;
  d["total_ms"] = u.total_ms;
  d["preempted"] = u.preempted;
  return d;
}

py::object wait_any(const py::list& requests, const py::object& seconds) {
  std::vector<std::shared_ptr<infer_request>> held;
  std::vector<infer_request*> raw;
  for (const py::handle r : requests) {
    held.push_back(r.is_none() ? nullptr : r.cast<const Request&>().handle().get());
    raw.push_back(held.back().get());
  }
  int64_t which = 0;
  const infer_status s = wait(seconds, [&](int32_t slice) {
    return infer_request_wait_any(raw.data(), static_cast<int64_t>(raw.size()), slice, &which);
  });
  return s == INFER_OK ? py::object(py::int_(which)) : py::object(py::none());
}

}  // namespace

py::object Request::next(const py::object& seconds) {
  const auto handle = handle_.get();
  const auto mutex = mutex_;
  check_signals();  // list(request) runs no Python in between
  infer_piece raw = INFER_PIECE_INIT;
  std::unique_lock lock(*mutex, std::defer_lock);
  const infer_status s = wait(seconds, [&](int32_t slice) {
    if (!lock.owns_lock()) lock.lock();
    return infer_request_next(handle.get(), slice, &raw);
  });
  if (s == INFER_DONE) return py::none();
  if (s == INFER_PENDING) raise(INFER_PENDING, "nothing came within the timeout", "wait longer, or cancel the request");
  return py::cast(to_piece(raw));
}

// A piece, None after the last, False when nothing has come: for event loops, which must not wait.
py::object Request::poll() {
  const auto handle = handle_.get();
  const auto mutex = mutex_;
  infer_piece raw = INFER_PIECE_INIT;
  std::unique_lock lock(*mutex, std::try_to_lock);
  if (!lock.owns_lock()) return py::bool_(false);
  const infer_status s = call([&] { return infer_request_next(handle.get(), 0, &raw); });
  if (s == INFER_DONE) return py::none();
  if (s == INFER_PENDING) return py::bool_(false);
  return py::cast(to_piece(raw));
}

void Request::close() {
  if (handle_.closed()) return;
  if (!handle_.of_parent()) infer_request_cancel(handle_.get().get());  // whoever waits in next comes back
  handle_.close();
}

void bind_request(py::module_& m) {
  py::class_<Piece>(m, "Piece", "What came since the piece before. The one with a finish is the last of its sample.")
      .def_readonly("text", &Piece::text)
      .def_readonly("tokens", &Piece::tokens)
      .def_readonly("logprobs", &Piece::logprobs)
      .def_readonly("top", &Piece::top)
      .def_readonly("embedding", &Piece::embedding)
      .def_readonly("finish", &Piece::finish)
      .def_readonly("sample", &Piece::sample);
  object<Request>(m, "Request", "One generation: iterate over it for its pieces.")
      .def("next", &Request::next, py::arg("timeout") = py::none(),
           "The next piece, None after the last. timeout: seconds, then TimeoutError; None: for ever.")
      .def("poll", &Request::poll, "The next piece, None after the last, False when nothing has come yet.")
      .def(
          "__iter__", [](Request& r) -> Request& { return r; }, py::return_value_policy::reference_internal)
      .def("__next__",
           [](Request& r) {
             py::object piece = r.next(py::none());
             if (piece.is_none()) throw py::stop_iteration();
             return piece;
           })
      .def("cancel", &Request::cancel, "Ends it; from any thread.")
      .def("usage", &usage, "Counts and times so far.")
      .def(
          "tokens",
          [](const Request& r, int32_t sample) {
            const auto handle = r.handle().get();
            return filled_ids([&](int32_t* out, int64_t cap, int64_t* n) {
              return infer_request_tokens(handle.get(), sample, out, cap, n);
            });
          },
          py::arg("sample") = 0, "The ids of prompt and answer so far.");
  m.def("wait_any", &wait_any, py::arg("requests"), py::arg("timeout") = py::none(),
        "The index of a request whose next() would not wait; None: the timeout passed, or there is none.");
}

}  // namespace libinfer_python
