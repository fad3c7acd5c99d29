// Charts as SVG text: lines over numbers, and bars.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace infer::tool {

struct Series {
  std::string name;
  bool peer = false;                              // drawn dashed
  std::vector<std::pair<double, double>> points;  // by rising x
};
// x values stand at equal distances, each under its own number.
std::string line_chart(const std::string& x_name, const std::string& y_name, const std::vector<Series>& series);

struct Bar {
  std::string name;
  std::vector<std::pair<std::string, double>> parts;  // stacked; label, size
  std::string note;                                   // at its end
};
std::string bar_chart(const std::vector<Bar>& bars);

std::string html_escape(const std::string& text);

}  // namespace infer::tool
