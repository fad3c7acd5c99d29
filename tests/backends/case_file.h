// Case files (cases/README.md): JSON text to cases, strictly. What a file says wrongly is an error that names the file
// and the place; nothing in it is passed over.
#pragma once
#include "tests/backends/attention.h"

namespace infer::conformance {

struct CaseFile {
  std::string name, text;
};

// Attention over one sequence of this length, that group `same` cuts into chunks of many sizes.
struct Chunked {
  AttentionShape shape;
  int64_t length;
};

struct Cases {
  std::vector<Case> ops, same, streamed, replay;  // by group
  std::vector<Chunked> chunked;
};

std::vector<CaseFile> built_in_case_files();  // those beside this source, as they were when it was compiled
std::string built_in_golden();                // tests/golden/ops/ops.json, likewise
Result<std::vector<CaseFile>> case_files_in(const std::string& folder);  // all *.json there, by name

Result<Cases> read_cases(std::span<const CaseFile> files);

}  // namespace infer::conformance
