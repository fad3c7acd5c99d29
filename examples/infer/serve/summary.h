// What a served load came to, as lines of JSON and as a page with pictures.
#pragma once
#include <string>
#include <vector>

#include "serve/client.h"

namespace infer::tool {

struct ServeLimits {
  double first_ms = 1000,
         gap_ms = 200;  // goodput counts requests whose first token came, and 99 % of whose gaps were, within
};

// "serve": one line of the whole, then one ("class") for each priority if there are several.
std::vector<Json> summarize(const Served& s, const ServeLimits& limits);
// Counters that the engine moved from `before` to `after`: hits, preemptions, steps, the scheduler's share of time.
Json engine_line(const std::vector<std::pair<std::string, int64_t>>& before,
                 const std::vector<std::pair<std::string, int64_t>>& after);
std::string serve_text(const Json& line);
std::string serve_page(const std::string& title, const Served& s, const std::vector<Json>& lines);  // HTML

}  // namespace infer::tool
