// One answer pulled from a request: shown as it comes, summed up afterwards.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "handles.h"
#include "print.h"
#include "session.h"

namespace infer::tool {

struct Answer {
  std::string text;
  std::vector<int32_t> tokens;
  infer_usage usage = INFER_USAGE_INIT;

  double tokens_per_s() const;  // after the first token; 0: there was no second
  Json json() const;
};

const char* finish_name(int32_t finish);  // "stop", "length", ...

// Pulls to the end. `show` sees each piece of text as it comes; Ctrl-C cancels the request and ends the answer.
Answer pull(infer_request* request, const std::function<void(std::string_view)>& show);

// The line under an answer: first token, speed, memory, load.
std::string summary(const Answer& answer, const Session& session);
Json summary_json(const Answer& answer, const Session& session);

}  // namespace infer::tool
