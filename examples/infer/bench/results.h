// The lines of a benchmark: JSON objects, each printed as soon as it is known, as it is or as text for people.
#pragma once
#include <string>
#include <vector>

#include "print.h"

namespace infer::tool {

class Results {
 public:
  explicit Results(bool json) : json_(json) {}
  void add(Json line);
  const std::vector<Json>& lines() const { return lines_; }

 private:
  const bool json_;
  std::string table_;  // whose rows were printed last
  std::vector<Json> lines_;
};

// "decode of 64, batch 4, depth 0, 2 threads"
std::string line_text(const Json& line);  // as people read it
std::string measurement_name(const Json& line);

// Throws Failure when a line says more than the machine allows: such figures are worth nothing, and nobody is to use
// them.
void refuse_the_impossible(const std::vector<Json>& lines);

}  // namespace infer::tool
