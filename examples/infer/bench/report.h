// A benchmark as one HTML file that needs nothing else: tables, and charts as inline SVG. The lines lie beside it as
// JSON.
#pragma once
#include <string>
#include <vector>

#include "print.h"

namespace infer::tool {

// Readers see the old file or the new one, never half. Throws Failure.
void write_whole(const std::string& path, const std::string& text);

// Throws Failure when the two files could not be written: before hours of measuring, not after.
void check_report(const std::string& html_path);
void write_report(const std::string& html_path, const std::string& model, const std::vector<Json>& lines);

}  // namespace infer::tool
