#include "engine/trace.h"

#include "base/status.h"

namespace infer::engine {
namespace {

// Microseconds with three decimals.
std::string micro(int64_t ns) {
  std::string rest = std::to_string(1000 + ns % 1000);
  return str(ns / 1000, ".", rest.substr(1));
}

class Events {
 public:
  // more: fields of the event after the common ones, each with a comma before it.
  void add(const char* phase, const std::string& name, int64_t at, const std::string& more) {
    text_ += str(text_.empty() ? "" : ",\n", "{\"ph\":\"", phase, "\",\"name\":\"", name,
                 "\",\"pid\":1,\"tid\":1,\"ts\":", micro(at), more, "}");
  }
  // From begin to end in a row of its own.
  void span(const std::string& name, uint64_t id, int64_t begin, int64_t end, const std::string& args) {
    const std::string own = str(",\"cat\":\"request\",\"id\":", id);
    add("b", name, begin, own + ",\"args\":{" + args + "}");
    add("e", name, end, own);
  }
  std::string json() const { return "{\"traceEvents\":[\n" + text_ + "\n]}\n"; }

 private:
  std::string text_;
};

}  // namespace

Trace::Trace(size_t most) : most_(most) {
  steps_.list.reserve(most);
  requests_.list.reserve(most);
}

template <class T>
void Trace::Ring<T>::add(const T& r, size_t most) {
  if (list.size() < most) {
    list.push_back(r);
  } else if (most > 0) {
    list[next] = r;
    next = (next + 1) % most;
  }
}

void Trace::add(const StepRecord& r) {
  std::lock_guard lock(mutex_);
  steps_.add(r, most_);
}

void Trace::add(const RequestRecord& r) {
  std::lock_guard lock(mutex_);
  requests_.add(r, most_);
}

std::string Trace::json() const {
  Ring<StepRecord> steps;
  Ring<RequestRecord> requests;
  {
    std::lock_guard lock(mutex_);
    steps = steps_;
    requests = requests_;
  }
  Events out;
  const auto at = [](const auto& ring, size_t i) { return ring.list[(ring.next + i) % ring.list.size()]; };
  for (size_t i = 0; i < steps.list.size(); ++i) {
    const StepRecord s = at(steps, i);
    out.add("X", "step", s.begin,
            str(",\"dur\":", micro(s.end - s.begin), ",\"args\":{\"tokens\":", s.tokens, ",\"rows\":", s.rows,
                ",\"sequences\":", s.sequences, ",\"draft\":", s.draft, "}"));
    out.add("X", "plan", s.begin, str(",\"dur\":", micro(s.planned - s.begin)));
    out.add("X", "run", s.planned, str(",\"dur\":", micro(s.computed - s.planned)));
    out.add("X", "deliver", s.computed, str(",\"dur\":", micro(s.end - s.computed)));
    out.add("C", "requests", s.end, str(",\"args\":{\"running\":", s.running, ",\"waiting\":", s.waiting, "}"));
    out.add("C", "pages", s.end, str(",\"args\":{\"used\":", s.pages_used, "}"));
  }
  for (size_t i = 0; i < requests.list.size(); ++i) {
    const RequestRecord r = at(requests, i);
    out.span("request", r.number, r.submitted, r.end,
             str("\"prompt\":", r.prompt, ",\"cached\":", r.cached, ",\"generated\":", r.generated,
                 ",\"priority\":", r.priority, ",\"preempted\":", r.preempted, ",\"finish\":\"", r.finish, "\""));
    const int64_t started = r.started ? r.started : r.end, first = r.first_token ? r.first_token : r.end;
    out.span("queue", r.number, r.submitted, started, "");
    if (r.started) out.span("prefill", r.number, started, first, "");
    if (r.first_token) out.span("decode", r.number, first, r.end, "");
  }
  return out.json();
}

}  // namespace infer::engine
